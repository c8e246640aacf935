// Pictures made into network inputs, each in one pass over the pixels.
#pragma once

#include <cstddef>
#include <cstdint>

#include "facekd/kernel.hpp"

namespace facekd {

inline constexpr std::size_t kCrop = 112;  // side of a face crop, pixels
inline constexpr std::size_t kCropPixels = kCrop * kCrop;

// How pixels become numbers: (pixel - mean[c]) * scale[c].
struct Normalisation {
  float mean[3], scale[3];
};

// Mean, standard deviation and Laplacian variance of the luma of three planes [R, G, B].
void statistics(const std::uint8_t* const planes[3], std::size_t height, std::size_t width, float figures[3]);

// A face crop in three planes [R, G, B] of kCropPixels. `matrix` [2, 3] takes picture points to crop points.
// Throws std::invalid_argument when it is not finite or cannot be inverted.
void warp_planes(const Picture& picture, const double* matrix, std::uint8_t* planes);

// A crop as [112, 112, 3] RGB.
void warp_interleaved(const Picture& picture, const double* matrix, std::uint8_t* crop);

// A crop as float [3, 112, 112]; `figures` [3] of `statistics`, or nullptr.
void warp_normalised(const Picture& picture, const double* matrix, const Normalisation& normalisation,
                     float* out, float* figures);

// The picture resized to height x width (at most out_height x out_width) in the top left corner of `out`,
// float [3, out_height, out_width]; pixel value 0 elsewhere. `ratio`: output pixels per picture pixel.
void letterbox(const Picture& picture, std::size_t height, std::size_t width, double ratio,
               const Normalisation& normalisation, bool rgb, std::size_t out_height, std::size_t out_width,
               float* out);

}  // namespace facekd
