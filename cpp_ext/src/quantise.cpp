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

std::uint8_t level(float value, float inverse) {
  // value / scale lies between levels n - 7.5 and n - 6.5; truncation of a positive number is its floor.
  return static_cast<std::uint8_t>(std::clamp(value * inverse + 8.0F, 0.0F, 15.0F));
}

double lost4(const float* values, std::size_t dim, float scale) {
  const float inverse = 1.0F / scale;
  const double half = 0.5 * static_cast<double>(scale);
  double squares[kLanes] = {};
  for (std::size_t i = 0; i < dim; ++i) {
    const double error = static_cast<double>(values[i]) - half * (2 * level(values[i], inverse) - 15);
    squares[i % kLanes] += error * error;
  }
  double sum = 0;
  for (const double lane : squares) sum += lane;
  return sum;
}

}  // namespace

double squared_length(const float* values, std::size_t stride) {
  double squares[kLanes] = {};
  for (std::size_t i = 0; i < stride; i += kLanes)
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const double value = values[i + lane];
      squares[lane] += value * value;
    }
  double sum = 0;
  for (const double lane : squares) sum += lane;
  return sum;
}

Quantised quantise8(const float* values, std::size_t dim, std::int8_t* integers) {
  float largest = 0;
  for (std::size_t i = 0; i < dim; ++i) largest = std::max(largest, std::abs(values[i]));
  const float scale = largest / 127.0F, inverse = 127.0F / largest;
  double squares[kLanes] = {};
  for (std::size_t i = 0; i < dim; ++i) {
    // Adding and taking away 1.5 * 2^23 rounds to the nearest integer, and unlike lrint it vectorises.
    const float rounded = (values[i] * inverse + 12582912.0F) - 12582912.0F;
    const float integer = std::clamp(rounded, -127.0F, 127.0F);
    const double error = static_cast<double>(values[i]) - static_cast<double>(scale) * static_cast<double>(integer);
    integers[i] = static_cast<std::int8_t>(integer);
    squares[i % kLanes] += error * error;
  }
  double sum = 0;
  for (const double lane : squares) sum += lane;
  return {scale, length_above(sum)};
}

Quantised quantise4(const float* values, std::size_t dim, double squared, std::uint8_t* levels) {
  float largest = 0;
  for (std::size_t i = 0; i < dim; ++i) largest = std::max(largest, std::abs(values[i]));
  const auto deviation = static_cast<float>(std::sqrt(squared / static_cast<double>(dim)));
  // 0.335 deviations a level lose least of a normal distribution (Max, IRE Trans. IT, 1960); its neighbours and
  // the scale that cuts nothing off serve other distributions.
  Quantised best{0.0F, length_above(squared)};  // scale 0 stands for the zero vector and loses everything
  double least = squared;
  for (const float scale : {0.335F * deviation, 0.29F * deviation, 0.38F * deviation, largest / 7.5F}) {
    const double lost = lost4(values, dim, scale);
    if (lost < least) {
      least = lost;
      best = {scale, length_above(lost)};
    }
  }
  const float inverse = best.scale > 0 ? 1.0F / best.scale : 0.0F;
  for (std::size_t i = 0; i < dim; ++i) levels[i] = level(values[i], inverse);
  return best;
}

}  // namespace facekd
