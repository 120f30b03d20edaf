# Sourced by the scripts of this project: which Node they use, and how the compiler's results are kept.

# By these a checkout elsewhere finds what another one has compiled.
export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1

local_tools=$root/.tools
readonly kNodeRequirement="20.19 or newer of 20, or 22.12 or newer"

# The local Node first, where tools/install had to bring one.
if [ -x "$local_tools/node_modules/.bin/node" ]; then PATH=$local_tools/node_modules/.bin:$PATH; fi
export PATH

node_is_new_enough() {
  case ":$PATH:" in
    *":$local_tools/node_modules/.bin:"*) ;;
    *) [ -x "$local_tools/node_modules/.bin/node" ] && PATH=$local_tools/node_modules/.bin:$PATH ;;
  esac
  local version major minor
  version=$(node --version 2>/dev/null) || return 1
  version=${version#v}
  major=${version%%.*}
  minor=${version#*.}
  minor=${minor%%.*}
  case $major in
    20) [ "$minor" -ge 19 ] ;;
    21) return 1 ;;
    22) [ "$minor" -ge 12 ] ;;
    *) [ "$major" -gt 22 ] ;;
  esac
}
