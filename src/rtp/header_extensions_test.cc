#include "rtp/header_extensions.h"

#include <gtest/gtest.h>

namespace sfu::rtp {
namespace {

TEST(ExtensionKind, EachHasAUriThatLeadsBack) {
  for (std::size_t i = 0; i < kExtensionKinds; ++i) {
    const auto kind = static_cast<ExtensionKind>(i);
    EXPECT_FALSE(uri_of(kind).empty());
    EXPECT_EQ(kind_of(uri_of(kind)), kind);
  }
  EXPECT_EQ(kind_of("urn:ietf:params:rtp-hdrext:sdes:mid "), std::nullopt);
  EXPECT_EQ(kind_of(""), std::nullopt);
}

TEST(ExtensionMap, FindsByIdAndByKind) {
  ExtensionMap map;
  EXPECT_TRUE(map.add(1, ExtensionKind::Mid));
  EXPECT_TRUE(map.add(255, ExtensionKind::DependencyDescriptor));
  EXPECT_EQ(map.kind(1), ExtensionKind::Mid);
  EXPECT_EQ(map.kind(255), ExtensionKind::DependencyDescriptor);
  EXPECT_EQ(map.id(ExtensionKind::Mid), 1);
  EXPECT_EQ(map.id(ExtensionKind::Rid), 0);
  EXPECT_FALSE(map.has(ExtensionKind::Rid));
  EXPECT_EQ(map.kind(2), std::nullopt);
}

TEST(ExtensionMap, RefusesIdZeroAndWhatIsTaken) {
  ExtensionMap map;
  EXPECT_FALSE(map.add(0, ExtensionKind::Mid));
  EXPECT_EQ(map.kind(0), std::nullopt);
  ASSERT_TRUE(map.add(3, ExtensionKind::Mid));
  EXPECT_FALSE(map.add(3, ExtensionKind::Rid));
  EXPECT_FALSE(map.add(4, ExtensionKind::Mid));
  EXPECT_EQ(map.kind(3), ExtensionKind::Mid);
  EXPECT_EQ(map.kind(4), std::nullopt);
}

}  // namespace
}  // namespace sfu::rtp
