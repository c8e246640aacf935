#include "preprocess.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

namespace facekd {
namespace {

// Whole pixels and the rest of a coordinate: float32 keeps the rest precise however large the picture is.
void split(double value, std::int32_t& whole, float& rest) {
  constexpr double kFar = 1 << 29;  // far outside any picture, and sums still fit into 32 bits
  const double floor = std::floor(std::clamp(value, -kFar, kFar));
  whole = static_cast<std::int32_t>(floor);
  rest = static_cast<float>(std::clamp(value - floor, 0.0, 1.0));
}

// Where the taps of a resized line of pixels lie: sample i sits at (i + 0.5) * step - 0.5, inside the
// borders.
struct Taps {
  Taps(std::size_t count, std::size_t source, double step) : offsets(count), steps(count), fractions(count) {
    const auto last = static_cast<double>(source - 1);
    for (std::size_t i = 0; i < count; ++i) {
      const double at = std::clamp((static_cast<double>(i) + 0.5) * step - 0.5, 0.0, last);
      const double whole = std::floor(at);
      offsets[i] = static_cast<std::int32_t>(whole);
      steps[i] = whole < last ? 1 : 0;
      fractions[i] = static_cast<float>(at - whole);
    }
  }
  std::vector<std::int32_t> offsets, steps;
  std::vector<float> fractions;
};

std::size_t mirrored(std::ptrdiff_t i, std::size_t size) {  // ... 2 1 | 0 1 2 ...
  const auto last = static_cast<std::ptrdiff_t>(size) - 1;
  if (last == 0) return 0;
  return static_cast<std::size_t>(i < 0 ? -i : i > last ? 2 * last - i : i);
}

}  // namespace

void statistics(const std::uint8_t* const planes[3], std::size_t height, std::size_t width,
                float figures[3]) {
  // 0.299, 0.587, 0.114 in 2^-15, as cv2 rounds them.
  const std::size_t pixels = height * width;
  std::vector<std::int32_t> luma(pixels);
  std::int64_t sum = 0, squares = 0, edges = 0, edge_squares = 0;
  for (std::size_t i = 0; i < pixels; ++i)
    luma[i] = (planes[0][i] * 9798 + planes[1][i] * 19235 + planes[2][i] * 3735 + (1 << 14)) >> 15;
  for (std::size_t y = 0; y < height; ++y) {
    const std::int32_t* row = luma.data() + y * width;
    const std::int32_t* up = luma.data() + mirrored(static_cast<std::ptrdiff_t>(y) - 1, height) * width;
    const std::int32_t* down = luma.data() + mirrored(static_cast<std::ptrdiff_t>(y) + 1, height) * width;
    // Sums of a row fit into 32 bits: a Laplacian is at most 1020, pictures are at most kWidest wide.
    std::int32_t row_sum = 0, row_squares = 0, row_edges = 0;
    std::int64_t row_edge_squares = 0;
    const auto edge = [&](std::size_t x, std::size_t left, std::size_t right) {
      const std::int32_t value = row[left] + row[right] + up[x] + down[x] - 4 * row[x];
      row_edges += value;
      row_edge_squares += value * value;
    };
    for (std::size_t x = 0; x < width; ++x) row_sum += row[x], row_squares += row[x] * row[x];
    edge(0, mirrored(-1, width), mirrored(1, width));
    for (std::size_t x = 1; x + 1 < width; ++x) edge(x, x - 1, x + 1);
    if (width > 1) edge(width - 1, width - 2, mirrored(static_cast<std::ptrdiff_t>(width), width));
    sum += row_sum, squares += row_squares, edges += row_edges, edge_squares += row_edge_squares;
  }
  const auto count = static_cast<double>(pixels);
  const double mean = static_cast<double>(sum) / count, edge_mean = static_cast<double>(edges) / count;
  figures[0] = static_cast<float>(mean);
  figures[1] =
      static_cast<float>(std::sqrt(std::max(0.0, static_cast<double>(squares) / count - mean * mean)));
  figures[2] = static_cast<float>(static_cast<double>(edge_squares) / count - edge_mean * edge_mean);
}

void warp_planes(const Picture& picture, const double* m, std::uint8_t* planes) {
  const double determinant = m[0] * m[4] - m[1] * m[3];
  bool finite = std::isfinite(determinant) && determinant != 0.0;
  for (std::size_t i = 0; i < 6; ++i) finite = finite && std::isfinite(m[i]);
  if (!finite) throw std::invalid_argument("matrices: expected finite matrices that can be inverted");
  const double a = m[4] / determinant, b = -m[1] / determinant, c = -m[3] / determinant,
               d = m[0] / determinant;
  const double x0 = -(a * m[2] + b * m[5]), y0 = -(c * m[2] + d * m[5]);
  Line line{};
  line.du = static_cast<float>(a);
  line.dv = static_cast<float>(c);
  // Beyond this a row of the crop leaves 32-bit coordinates; facekd.align allows 1000 pixels a step.
  if (!(std::abs(a) <= 1e5 && std::abs(c) <= 1e5))
    throw std::invalid_argument("matrices: expected at most 100000 picture pixels to a crop pixel");
  const Kernel& kernel = active_kernel();
  for (std::size_t y = 0; y < kCrop; ++y) {
    split(x0 + b * static_cast<double>(y), line.x0, line.u0);
    split(y0 + d * static_cast<double>(y), line.y0, line.v0);
    std::uint8_t* const rows[3] = {planes + y * kCrop, planes + kCropPixels + y * kCrop,
                                   planes + 2 * kCropPixels + y * kCrop};
    kernel.warp(picture, line, kCrop, rows);
  }
}

void warp_interleaved(const Picture& picture, const double* matrix, std::uint8_t* crop) {
  std::uint8_t planes[3 * kCropPixels];
  warp_planes(picture, matrix, planes);
  for (std::size_t i = 0; i < kCropPixels; ++i)
    for (std::size_t c = 0; c < 3; ++c) crop[i * 3 + c] = planes[c * kCropPixels + i];
}

void warp_normalised(const Picture& picture, const double* matrix, const Normalisation& normalisation,
                     float* out, float* figures) {
  std::uint8_t planes[3 * kCropPixels];
  warp_planes(picture, matrix, planes);
  for (std::size_t c = 0; c < 3; ++c)
    active_kernel().normalise(planes + c * kCropPixels, kCropPixels, normalisation.mean[c],
                              normalisation.scale[c], out + c * kCropPixels);
  if (figures == nullptr) return;
  const std::uint8_t* const rgb[3] = {planes, planes + kCropPixels, planes + 2 * kCropPixels};
  statistics(rgb, kCrop, kCrop, figures);
}

void letterbox(const Picture& picture, std::size_t height, std::size_t width, double ratio,
               const Normalisation& normalisation, bool rgb, std::size_t out_height, std::size_t out_width,
               float* out) {
  const auto source_height = static_cast<std::size_t>(picture.height);
  const std::size_t row_bytes = static_cast<std::size_t>(picture.width) * 3;
  const auto source_width = static_cast<std::size_t>(picture.width);
  // Where a side rounds to nothing it becomes one pixel, and each side has a ratio of its own.
  const bool narrow = static_cast<double>(std::min(source_height, source_width)) * ratio <= 0.5;
  const auto step = [&](std::size_t source, std::size_t count) {
    return narrow ? static_cast<double>(source) / static_cast<double>(count) : 1.0 / ratio;
  };
  Taps across(width, source_width, step(source_width, width));
  const Taps down(height, source_height, step(source_height, height));
  for (auto& offset : across.offsets) offset *= 3;
  for (auto& step : across.steps) step *= 3;
  // Kernels read eight bytes from a pixel on; behind the last row that is too many, so it is read from a
  // copy.
  std::vector<std::uint8_t> last(row_bytes + 8);
  std::copy_n(picture.pixels + (source_height - 1) * row_bytes, row_bytes, last.data());
  const auto row_at = [&](std::size_t y) {
    return y + 1 < source_height ? picture.pixels + y * row_bytes : last.data();
  };
  std::vector<std::uint8_t> pixels(3 * width);
  const Kernel& kernel = active_kernel();
  ResizeRow row{nullptr, nullptr, 0.0F, across.offsets.data(), across.steps.data(), across.fractions.data()};
  float padding[3];
  for (std::size_t c = 0; c < 3; ++c) padding[c] = (0.0F - normalisation.mean[c]) * normalisation.scale[c];
  std::uint8_t* const bgr[3] = {pixels.data(), pixels.data() + width, pixels.data() + 2 * width};
  for (std::size_t y = 0; y < out_height; ++y) {
    if (y < height) {
      const auto top = static_cast<std::size_t>(down.offsets[y]);
      row.upper = row_at(top);
      row.lower = row_at(top + static_cast<std::size_t>(down.steps[y]));
      row.fraction = down.fractions[y];
      kernel.resize(row, width, bgr);
    }
    for (std::size_t c = 0; c < 3; ++c) {
      float* target = out + (c * out_height + y) * out_width;
      const std::size_t filled = y < height ? width : 0;
      if (filled > 0)
        kernel.normalise(bgr[rgb ? 2 - c : c], width, normalisation.mean[c], normalisation.scale[c], target);
      std::fill(target + filled, target + out_width, padding[c]);
    }
  }
}

}  // namespace facekd
