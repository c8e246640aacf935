#include "quantise.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "facekd/layout.hpp"

namespace facekd {
namespace {

// sqrt(squares) as a float that is surely not smaller: the sum of squares of doubles is off by less than
// dim * 2^-52, a part in 10^11 at kMaxDim.
float length_above(double squares) {
  const double length = std::sqrt(squares) * (1.0 + 1e-9);
  return std::nextafter(static_cast<float>(length), std::numeric_limits<float>::infinity());
}

// The size of the level nearest to a size (in scales): the first one, and a step at each middle between
// levels.
float nearest_level(float size) {
  float level = 6.0F;
  level += size > 12.0F ? 12.0F : 0.0F;
  level += size > 24.5F ? 13.0F : 0.0F;
  level += size > 37.5F ? 13.0F : 0.0F;
  level += size > 51.0F ? 14.0F : 0.0F;
  level += size > 66.5F ? 17.0F : 0.0F;
  level += size > 85.5F ? 21.0F : 0.0F;
  level += size > 111.5F ? 31.0F : 0.0F;
  return level;
}

// The place of that level in kLevels.
std::int32_t nearest_place(float value, float inverse) {
  const float size = std::abs(value) * inverse;
  const std::int32_t above = (size > 12.0F) + (size > 24.5F) + (size > 37.5F) + (size > 51.0F) +
                             (size > 66.5F) + (size > 85.5F) + (size > 111.5F);
  return value < 0.0F ? 7 - above : 8 + above;
}

// Adds up part(i) for i below dim in kLanes sums, so that the compiler may use vectors.
template <typename Number, typename Part>
Number sum_over(std::size_t dim, const Part& part) {
  Number sums[kLanes] = {};
  const std::size_t whole = dim / kLanes * kLanes;
  for (std::size_t i = 0; i < whole; i += kLanes)
    for (std::size_t lane = 0; lane < kLanes; ++lane) sums[lane] += part(i + lane);
  for (std::size_t i = whole; i < dim; ++i) sums[i - whole] += part(i);
  Number sum = 0;
  for (const Number lane : sums) sum += lane;
  return sum;
}

float largest_of(const float* values, std::size_t dim) {
  float largest[kLanes] = {};
  const std::size_t whole = dim / kLanes * kLanes;
  for (std::size_t i = 0; i < whole; i += kLanes)
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const float size = std::abs(values[i + lane]);
      largest[lane] = size > largest[lane] ? size : largest[lane];
    }
  for (std::size_t i = whole; i < dim; ++i) largest[0] = std::max(largest[0], std::abs(values[i]));
  return *std::max_element(largest, largest + kLanes);
}

}  // namespace

double squared_length(const float* values, std::size_t stride) {
  return sum_over<double>(
      stride, [&](std::size_t i) { return static_cast<double>(values[i]) * static_cast<double>(values[i]); });
}

Quantised quantise8(const float* values, std::size_t dim, std::int8_t* integers) {
  const float largest = largest_of(values, dim), scale = largest / 127.0F, inverse = 127.0F / largest;
  for (std::size_t i = 0; i < dim; ++i) {
    // Adding and taking away 1.5 * 2^23 rounds to the nearest integer, and unlike lrint it vectorises.
    const float rounded = (values[i] * inverse + 12582912.0F) - 12582912.0F;
    const float low = rounded > -127.0F ? rounded : -127.0F;
    integers[i] = static_cast<std::int8_t>(static_cast<std::int32_t>(low < 127.0F ? low : 127.0F));
  }
  const auto step = static_cast<double>(scale);
  const double lost = sum_over<double>(dim, [&](std::size_t i) {
    const double error = static_cast<double>(values[i]) - step * static_cast<double>(integers[i]);
    return error * error;
  });
  return {scale, length_above(lost)};
}

Quantised quantise4(const float* values, std::size_t dim, double squared, std::uint8_t* places) {
  const double deviation = std::sqrt(squared / static_cast<double>(dim));
  const auto usual = static_cast<float>(deviation / kLevelsPerDeviation);
  // The levels are made for a normal distribution of this deviation; a wider or narrower one, or the one that
  // cuts nothing off, serves other vectors. Which is best may be judged roughly.
  float scale = 0.0F, least = std::numeric_limits<float>::infinity();
  for (const float tried : {usual, 0.88F * usual, 1.12F * usual, largest_of(values, dim) / 127.0F}) {
    const float inverse = 1.0F / tried;
    const float lost = sum_over<float>(dim, [&](std::size_t i) {
      const float size = std::abs(values[i]), error = size - tried * nearest_level(size * inverse);
      return error * error;
    });
    if (lost < least) least = lost, scale = tried;
  }
  const float inverse = 1.0F / scale;
  for (std::size_t i = 0; i < dim; ++i)
    places[i] = static_cast<std::uint8_t>(nearest_place(values[i], inverse));
  // The bound itself is exact for the scale that was taken.
  const auto step = static_cast<double>(scale);
  const double lost = sum_over<double>(dim, [&](std::size_t i) {
    const double error = static_cast<double>(values[i]) - step * static_cast<double>(kLevels[places[i]]);
    return error * error;
  });
  if (lost < squared) return {scale, length_above(lost)};
  return {0.0F, length_above(squared)};  // scale 0 stands for the zero vector, which loses the whole row
}

Quantised quantise1(const float* values, std::size_t dim, float step, const std::uint8_t* places,
                    std::uint64_t* bits) {
  const auto error = [&](std::size_t i) {
    return static_cast<double>(values[i]) - static_cast<double>(step) * static_cast<double>(kLevels[places[i]]);
  };
  // The mean size leaves least: the sum of (|e| - d)^2 has its minimum there.
  const auto scale = static_cast<float>(sum_over<double>(dim, [&](std::size_t i) { return std::abs(error(i)); }) /
                                        static_cast<double>(dim));
  for (std::size_t i = 0; i < dim; ++i) bits[i / 64] |= std::uint64_t{error(i) >= 0.0} << i % 64;
  const double lost = sum_over<double>(dim, [&](std::size_t i) {
    const double rest = std::abs(error(i)) - static_cast<double>(scale);
    return rest * rest;
  });
  return {scale, length_above(lost)};
}

}  // namespace facekd
