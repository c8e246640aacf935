// Plain C++: runs everywhere, and says in a few lines what the other kernels must answer.
#include <cmath>

#include "facekd/kernel.hpp"
#include "facekd/layout.hpp"

namespace facekd {
namespace {

void dots8(const std::uint8_t* block, std::size_t words, const std::int8_t* tile, std::size_t count,
           std::int32_t* dots) {
  for (std::size_t i = 0; i < count * kBlock; ++i) dots[i] = 0;
  for (std::size_t group = 0; group < kBlock / kGroup; ++group)
    for (std::size_t word = 0; word < words; ++word) {
      const std::uint8_t* rows = block + (group * words + word) * kGroup * 4;
      for (std::size_t q = 0; q < count; ++q) {
        const std::int8_t* u = tile + (word * count + q) * 4;
        std::int32_t* sums = dots + q * kBlock + group * kGroup;
        for (std::size_t row = 0; row < kGroup; ++row)
          sums[row] += rows[row * 4] * u[0] + rows[row * 4 + 1] * u[1] + rows[row * 4 + 2] * u[2] +
                       rows[row * 4 + 3] * u[3];
      }
    }
}

void dots4(const std::uint8_t* block, std::size_t words, const std::int8_t* query, std::int32_t* dots) {
  for (std::size_t i = 0; i < kBlock; ++i) dots[i] = 0;
  for (std::size_t group = 0; group < kBlock / kGroup; ++group)
    for (std::size_t pair = 0; pair < words / 2; ++pair) {
      const std::uint8_t* rows = block + (group * words / 2 + pair) * kGroup * 4;
      const std::int8_t* u = query + pair * 8;
      for (std::size_t row = 0; row < kGroup; ++row)
        for (std::size_t i = 0; i < 4; ++i) {
          const std::uint8_t both = rows[row * 4 + i];
          dots[group * kGroup + row] +=
              (kLevels[both & 15] + 128) * u[i] + (kLevels[both >> 4] + 128) * u[4 + i];
        }
    }
}

std::int32_t signs(const std::uint64_t* bits, std::size_t count, const std::int8_t* query) {
  std::int32_t sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += (bits[i / 64] >> i % 64 & 1) != 0 ? query[i] : 0;
  return sum;
}

std::uint64_t reach(const std::int32_t* dots, const float* scale, const float* slack, const Bound& bound,
                    float threshold) {
  std::uint64_t mask = 0;
  for (std::size_t row = 0; row < kBlock; ++row) {
    const float dot = bound.step * static_cast<float>(dots[row] - bound.bias);
    const float highest = scale[row] * dot + (slack[row] * bound.per_slack + bound.base);
    mask |= static_cast<std::uint64_t>(highest >= threshold) << row;
  }
  return mask;
}

void dots32(const float* rows, std::size_t stride, const float* query, float* dots) {
  for (std::size_t row = 0; row < kBlock; ++row) {
    float sums[kLanes] = {};
    for (std::size_t i = 0; i < stride; i += kLanes)
      for (std::size_t lane = 0; lane < kLanes; ++lane)
        sums[lane] += rows[row * stride + i + lane] * query[i + lane];
    for (std::size_t half = kLanes / 2; half > 0; half /= 2)
      for (std::size_t lane = 0; lane < half; ++lane) sums[lane] += sums[lane + half];
    dots[row] = sums[0];
  }
}

double exact(const float* row, const double* query, std::size_t stride) {
  double sums[kLanes] = {};
  for (std::size_t i = 0; i < stride; i += kLanes)
    for (std::size_t lane = 0; lane < kLanes; ++lane)
      sums[lane] += static_cast<double>(row[i + lane]) * query[i + lane];
  for (std::size_t half = kLanes / 2; half > 0; half /= 2)
    for (std::size_t lane = 0; lane < half; ++lane) sums[lane] += sums[lane + half];
  return sums[0];
}

float mix(float a, float b, float share) { return a + (b - a) * share; }

void warp(const Picture& picture, const Line& line, std::size_t count, std::uint8_t* const planes[3]) {
  for (std::size_t x = 0; x < count; ++x) {
    const float u = line.u0 + static_cast<float>(x) * line.du, v = line.v0 + static_cast<float>(x) * line.dv;
    const float left = std::floor(u), top = std::floor(v);
    const std::int32_t px = line.x0 + static_cast<std::int32_t>(left),
                       py = line.y0 + static_cast<std::int32_t>(top);
    float tap[2][2][3] = {};  // black beyond the borders
    for (std::int32_t dy = 0; dy < 2; ++dy)
      for (std::int32_t dx = 0; dx < 2; ++dx) {
        const std::int32_t sx = px + dx, sy = py + dy;
        if (sx < 0 || sy < 0 || sx >= picture.width || sy >= picture.height) continue;
        const std::size_t at = (static_cast<std::size_t>(sy) * static_cast<std::size_t>(picture.width) +
                                static_cast<std::size_t>(sx)) *
                               3;
        for (std::size_t c = 0; c < 3; ++c) tap[dy][dx][c] = picture.pixels[at + c];
      }
    for (std::size_t c = 0; c < 3; ++c) {
      const float upper = mix(tap[0][0][c], tap[0][1][c], u - left),
                  lower = mix(tap[1][0][c], tap[1][1][c], u - left);
      planes[2 - c][x] = static_cast<std::uint8_t>(std::lrint(mix(upper, lower, v - top)));
    }
  }
}

void resize(const ResizeRow& row, std::size_t count, std::uint8_t* const planes[3]) {
  for (std::size_t x = 0; x < count; ++x)
    for (std::size_t c = 0; c < 3; ++c) {
      const auto at = static_cast<std::size_t>(row.offsets[x]) + c,
                 next = at + static_cast<std::size_t>(row.steps[x]);
      const float upper = mix(row.upper[at], row.upper[next], row.fractions[x]);
      const float lower = mix(row.lower[at], row.lower[next], row.fractions[x]);
      planes[c][x] = static_cast<std::uint8_t>(std::lrint(mix(upper, lower, row.fraction)));
    }
}

void normalise(const std::uint8_t* pixels, std::size_t count, float mean, float scale, float* out) {
  for (std::size_t i = 0; i < count; ++i) out[i] = (static_cast<float>(pixels[i]) - mean) * scale;
}

}  // namespace

const Kernel kScalar = {"scalar", dots8, dots4, signs, reach, dots32, exact, warp, resize, normalise};

}  // namespace facekd
