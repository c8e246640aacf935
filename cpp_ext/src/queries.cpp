#include "queries.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <string>

#include "quantise.hpp"

namespace facekd {
namespace {

constexpr double kLongest = 1.0 + kUnitTolerance;
// What evaluating a bound in float32 can lose: seven roundings of terms that sum to less than 8 stay below
// 25 * 2^-24 = 1.5e-6 (docs/native.md).
constexpr double kEvaluation = 2e-6;

float above(double value) {
  return std::nextafter(static_cast<float>(value), std::numeric_limits<float>::infinity());
}

}  // namespace

Queries::Queries(const Layout& layout, const float* vectors, std::size_t count, std::size_t first)
    : layout_(layout),
      count_(count),
      floats_(count * layout.stride),
      doubles_(count * layout.stride),
      tiles_(count * layout.words * 4),
      bounds_(count) {
  // Higham, Accuracy and Stability of Numerical Algorithms, (3.5): n u / (1 - n u) |x| |q|, n + 1 for the
  // test.
  const double nu = static_cast<double>(layout.stride + 1) * std::ldexp(1.0, -24);
  float_error_ = above(nu / (1.0 - nu) * kLongest * kLongest);

  std::vector<std::int8_t> integers(layout.words * 4);
  for (std::size_t q = 0; q < count; ++q) {
    float* floats = floats_.data() + q * layout.stride;
    std::memcpy(floats, vectors + q * layout.dim, layout.dim * sizeof(float));
    for (std::size_t i = 0; i < layout.dim; ++i) doubles_[q * layout.stride + i] = floats[i];
    const double length = std::sqrt(squared_length(floats, layout.stride));
    if (!(std::abs(length - 1.0) <= kUnitTolerance))  // "not <=" also catches NaN
      throw std::invalid_argument("queries: expected vectors of length 1 within 1e-3, row " +
                                  std::to_string(first + q) + " has " + std::to_string(length));
    const Quantised quantised = quantise8(floats, layout.dim, integers.data());
    const float per_slack = above(length * (1.0 + 1e-9) + static_cast<double>(quantised.slack));
    const float base = above(static_cast<double>(quantised.slack) * kLongest + kEvaluation);
    std::int32_t sum = 0;
    for (const std::int8_t u : integers) sum += u;
    bounds_[q] = {quantised.scale, per_slack, base, 128 * sum};

    const std::size_t start = q / kTile * kTile, size = tile_size(start);
    std::int8_t* tile = tiles_.data() + start * layout.words * 4;
    for (std::size_t word = 0; word < layout.words; ++word)
      std::memcpy(tile + (word * size + q - start) * 4, integers.data() + word * 4, 4);
  }
}

}  // namespace facekd
