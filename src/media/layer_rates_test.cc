#include "media/layer_rates.h"

#include <gtest/gtest.h>

#include <string>

namespace sfu::media {
namespace {

using std::chrono::milliseconds;

class LayerRatesTest : public testing::Test {
 protected:
  /// A second of it, in kilobits.
  void come(std::uint8_t spatial, std::uint8_t temporal, std::size_t kilobits) {
    for (int i = 0; i < 10; ++i)
      rates_.add(begin_ + milliseconds(100 * i), spatial, temporal, kilobits * 1000 / 8 / 10);
  }
  /// "0.0=100 0.1=150": kilobits each second.
  std::string told(TimeDelta after = milliseconds(900)) {
    std::string text;
    for (const auto& [spatial, temporal, bps] : rates_.bitrates(begin_ + after))
      text += (text.empty() ? "" : " ") + std::to_string(spatial) + "." + std::to_string(temporal) +
              "=" + std::to_string(bps / 1000);
    return text;
  }

  const Timestamp begin_{std::chrono::seconds(50)};
  LayerRates rates_;
};

TEST_F(LayerRatesTest, ALayerCostsWhatLiesBelowItToo) {
  come(0, 2, 40);
  come(0, 0, 100);
  come(0, 1, 20);
  EXPECT_EQ(told(), "0.0=100 0.1=120 0.2=160");
}

TEST_F(LayerRatesTest, AHigherSpatialLayerCostsAllOfTheLowerOnes) {
  come(0, 0, 100);
  come(0, 1, 50);
  come(1, 0, 300);
  come(1, 1, 200);
  EXPECT_EQ(told(), "0.0=100 0.1=150 1.0=450 1.1=650");
}

TEST_F(LayerRatesTest, ALayerThatHasCeasedToComeIsNothing) {
  come(0, 0, 100);
  rates_.add(begin_, 0, 1, 1000);
  EXPECT_EQ(told(milliseconds(999)), "0.0=100 0.1=108");
  EXPECT_EQ(told(milliseconds(1050)), "0.0=90 0.1=0");
}

TEST_F(LayerRatesTest, LayersAreBounded) {
  for (std::uint8_t i = 0; i < 8; ++i)
    for (std::uint8_t k = 0; k < 8; ++k) rates_.add(begin_, i, k, 1000);
  EXPECT_EQ(rates_.bitrates(begin_).size(), LayerRates::kMaxLayers);
}

}  // namespace
}  // namespace sfu::media
