# A folder is a namespace, a library and a test program. sfu_module(ice DEPENDS base crypto stun) makes
#   sfu_ice    from ice/*.cc (and ice/*/*.cc with NESTED), and
#   ice_test   from ice/*_test.cc,
# which may include and link only what DEPENDS names: the architecture is held by the linker and by tools/check_architecture.

add_library(sfu_options INTERFACE)
target_compile_options(sfu_options INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror
                                             -fno-omit-frame-pointer)
target_include_directories(sfu_options INTERFACE ${PROJECT_SOURCE_DIR}/src)
target_include_directories(sfu_options SYSTEM INTERFACE ${EXPECTED_INCLUDE_DIR})
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 sees overflows and uninitialised values that are not there, in inlined library code.
  target_compile_options(sfu_options INTERFACE -Wno-stringop-overflow -Wno-stringop-overread -Wno-array-bounds
                                               -Wno-maybe-uninitialized -Wno-restrict)
endif()
if(SFU_SANITIZE)
  target_compile_options(sfu_options INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all)
  target_link_options(sfu_options INTERFACE -fsanitize=address,undefined)
endif()
if(SFU_SANITIZE_THREADS)
  target_compile_options(sfu_options INTERFACE -fsanitize=thread)
  target_link_options(sfu_options INTERFACE -fsanitize=thread)
endif()
if(SFU_FUZZ)
  target_compile_options(sfu_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

function(sfu_module name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LIBRARIES;TEST_DEPENDS;TEST_LIBRARIES" ${ARGN})
  file(GLOB_RECURSE all CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cc)
  set(sources ${all})
  list(FILTER sources EXCLUDE REGEX "_(test|main)\\.cc$")
  set(tests ${all})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")

  set(links sfu_options ${ARG_LIBRARIES})
  foreach(dependency ${ARG_DEPENDS})
    list(APPEND links sfu_${dependency})
  endforeach()

  if(sources)
    add_library(sfu_${name} STATIC ${sources})
    target_link_libraries(sfu_${name} PUBLIC ${links})
  else()
    add_library(sfu_${name} INTERFACE)
    target_link_libraries(sfu_${name} INTERFACE ${links})
  endif()

  if(tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE sfu_${name} GTest::gmock GTest::gtest_main ${ARG_TEST_LIBRARIES})
    foreach(dependency ${ARG_TEST_DEPENDS})
      target_link_libraries(${name}_test PRIVATE sfu_${dependency})
    endforeach()
    add_test(NAME unit.${name} COMMAND ${name}_test)
  endif()
endfunction()
