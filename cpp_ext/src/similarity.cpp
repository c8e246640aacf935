#include "similarity.hpp"

#include <cmath>

namespace facekd {
namespace {

constexpr std::size_t kPoints = 5;
constexpr double kLargestScale = 1000.0;  // facekd.align.LARGEST_SCALE

// facekd.align.TEMPLATE; float32 there, so the same roundings here.
constexpr float kTemplate[kPoints][2] = {{38.2946F, 51.6963F},
                                         {73.5318F, 51.5014F},
                                         {56.0252F, 71.7366F},
                                         {41.5493F, 92.3655F},
                                         {70.7299F, 92.2041F}};

}  // namespace

bool similarity(const double* points, double* matrix) {
  double x = 0, y = 0, tx = 0, ty = 0;
  for (std::size_t i = 0; i < kPoints; ++i) {
    x += points[2 * i] / kPoints, y += points[2 * i + 1] / kPoints;
    tx += static_cast<double>(kTemplate[i][0]) / kPoints,
        ty += static_cast<double>(kTemplate[i][1]) / kPoints;
  }
  double spread = 0, dot = 0, cross = 0;
  for (std::size_t i = 0; i < kPoints; ++i) {
    const double px = points[2 * i] - x, py = points[2 * i + 1] - y;
    const double qx = static_cast<double>(kTemplate[i][0]) - tx,
                 qy = static_cast<double>(kTemplate[i][1]) - ty;
    spread += px * px + py * py;
    dot += px * qx + py * qy;
    cross += px * qy - py * qx;
  }
  // The scale is length / spread; compared by products, and so that NaN fails.
  const double length = std::hypot(dot, cross);
  if (!(std::isfinite(spread) && spread > 0 && length <= kLargestScale * spread &&
        length * kLargestScale >= spread))
    return false;
  const double a = dot / spread, b = cross / spread;
  matrix[0] = a, matrix[1] = -b, matrix[2] = tx - (a * x - b * y);
  matrix[3] = b, matrix[4] = a, matrix[5] = ty - (b * x + a * y);
  return true;
}

}  // namespace facekd
