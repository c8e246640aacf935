// The preprocessing functions, with the checks and messages of facekd.align and facekd.letterbox.
#include <cmath>
#include <initializer_list>
#include <limits>
#include <string>
#include <vector>

#include "bindings.hpp"
#include "preprocess.hpp"
#include "similarity.hpp"

namespace facekd {
namespace {

using Bytes = py::array_t<std::uint8_t>;
using Floats = py::array_t<float>;
using Doubles = py::array_t<double>;

constexpr py::ssize_t kSide = static_cast<py::ssize_t>(kCrop);

template <typename Array>
void expect(const char* name, const Array& array, std::initializer_list<py::ssize_t> shape) {
  py::ssize_t axis = 0;
  std::string wanted;
  bool right = array.ndim() == static_cast<py::ssize_t>(shape.size());
  for (const py::ssize_t size : shape) {
    wanted += (axis > 0 ? ", " : "") + std::to_string(size);
    right = right && array.shape(axis) == size;
    ++axis;
  }
  if (!right)
    throw py::value_error(std::string(name) + ": expected shape (" + wanted + "), got " + shape_of(array));
}

Picture picture_of(const Bytes& frame) {
  if (frame.shape(2) != 3 || frame.size() == 0)
    throw py::value_error("frame: expected shape (H, W, 3) with pixels, got " + shape_of(frame));
  if (frame.size() > std::numeric_limits<std::int32_t>::max() || frame.shape(0) > (1 << 28) ||
      frame.shape(1) > (1 << 28))
    throw py::value_error("frame: expected at most 2^31 bytes, got shape " + shape_of(frame));
  return {frame.data(), static_cast<std::int32_t>(frame.shape(0)), static_cast<std::int32_t>(frame.shape(1))};
}

Bytes frame_of(const py::object& object) {
  return checked_array<std::uint8_t>("frame", "uint8", "(H, W, 3)", object, 3);
}

// One matrix [2, 3] per face of landmarks, float32 or float64 [n, 5, 2].
std::vector<double> matrices_of(const py::object& object) {
  const bool single = py::isinstance<Floats>(object);
  if (!single && !py::isinstance<Doubles>(object))
    throw py::type_error("landmarks: expected a float array [n, 5, 2], got " + kind_of(object));
  const auto any = py::reinterpret_borrow<py::array>(object);
  if (any.ndim() != 3 || any.shape(1) != 5 || any.shape(2) != 2)
    throw py::value_error("landmarks: expected shape (n, 5, 2), got " + shape_of(any));
  const auto points = Doubles::ensure(any);  // ten numbers a face: a copy is no matter
  const auto count = static_cast<std::size_t>(points.shape(0));
  std::vector<double> matrices(count * 6);
  for (std::size_t face = 0; face < count; ++face) {
    const double* first = points.data() + face * 10;
    for (std::size_t i = 0; i < 10; ++i)
      if (!std::isfinite(first[i]))
        throw py::value_error("landmarks: expected finite pixels, face " + std::to_string(face) +
                              " has others");
    if (!similarity(first, matrices.data() + face * 6))
      throw py::value_error(
          "landmarks: expected five points of a face, those of face " + std::to_string(face) +
          " fix no similarity: " + py::cast<std::string>(py::str(any[py::int_(face)].attr("tolist")())));
  }
  return matrices;
}

// One finite number for all channels, or three.
void read_channels(const char* name, const py::object& object, float values[3]) {
  const auto array = py::array_t<float, py::array::c_style | py::array::forcecast>::ensure(object);
  bool right = static_cast<bool>(array) && (array.ndim() == 0 || (array.ndim() == 1 && array.shape(0) == 3));
  for (py::ssize_t c = 0; right && c < 3; ++c) {
    values[c] = array.data()[array.ndim() == 0 ? 0 : c];
    right = std::isfinite(values[c]);
  }
  if (right) return;
  PyErr_Clear();
  throw py::value_error(std::string(name) + ": expected one finite number or three, got " +
                        py::cast<std::string>(py::repr(object)));
}

Normalisation normalisation_of(const py::object& mean, const py::object& scale) {
  Normalisation normalisation{};
  read_channels("mean", mean, normalisation.mean);
  read_channels("scale", scale, normalisation.scale);
  return normalisation;
}

float* writable(const char* name, Floats& array) {
  if (!array.writeable()) throw py::value_error(std::string(name) + ": expected a writeable array");
  return array.mutable_data();
}

Bytes align(const py::object& frame_object, const py::object& landmarks) {
  const Bytes frame = frame_of(frame_object);
  const Picture picture = picture_of(frame);
  const auto matrices = matrices_of(landmarks);
  const auto count = matrices.size() / 6;
  Bytes crops({static_cast<py::ssize_t>(count), kSide, kSide, py::ssize_t{3}});
  std::uint8_t* crop = crops.mutable_data();
  {
    py::gil_scoped_release nogil;
    for (std::size_t i = 0; i < count; ++i)
      warp_interleaved(picture, matrices.data() + i * 6, crop + i * 3 * kCropPixels);
  }
  return crops;
}

Floats align_batch(const py::object& frame_object, const py::object& landmarks, const py::object& mean,
                   const py::object& scale, const py::object& out_object,
                   const py::object& statistics_object) {
  const Bytes frame = frame_of(frame_object);
  const Picture picture = picture_of(frame);
  const auto matrices = matrices_of(landmarks);
  const Normalisation normalisation = normalisation_of(mean, scale);
  const auto count = matrices.size() / 6;
  const auto faces = static_cast<py::ssize_t>(count);
  Floats out, statistics;
  if (out_object.is_none()) {
    out = Floats({faces, py::ssize_t{3}, kSide, kSide});
  } else {
    out = checked_array<float>("out", "float32", "(n, 3, 112, 112)", out_object, 4);
    expect("out", out, {faces, 3, kSide, kSide});
  }
  float* target = writable("out", out);
  float* figures = nullptr;
  if (!statistics_object.is_none()) {
    statistics = checked_array<float>("statistics", "float32", "(n, 3)", statistics_object, 2);
    expect("statistics", statistics, {faces, 3});
    figures = writable("statistics", statistics);
  }
  {
    py::gil_scoped_release nogil;
    for (std::size_t i = 0; i < count; ++i)
      warp_normalised(picture, matrices.data() + i * 6, normalisation, target + i * 3 * kCropPixels,
                      figures == nullptr ? nullptr : figures + i * 3);
  }
  return out;
}

Floats crop_statistics(const py::object& crops_object) {
  const auto crops = checked_array<std::uint8_t>("crops", "uint8", "(n, h, w, 3)", crops_object, 4);
  const auto height = static_cast<std::size_t>(crops.shape(1)),
             width = static_cast<std::size_t>(crops.shape(2));
  if (crops.shape(3) != 3 || height == 0 || width == 0 || height > 8192 || width > 8192)
    throw py::value_error("crops: expected shape (n, h, w, 3) with 1 to 8192 pixels a side, got " +
                          shape_of(crops));
  Floats figures({crops.shape(0), py::ssize_t{3}});
  const auto count = static_cast<std::size_t>(crops.shape(0)), pixels = height * width;
  const std::uint8_t* data = crops.data();
  float* target = figures.mutable_data();
  {
    py::gil_scoped_release nogil;
    std::vector<std::uint8_t> planes(3 * pixels);
    const std::uint8_t* const rgb[3] = {planes.data(), planes.data() + pixels, planes.data() + 2 * pixels};
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t p = 0; p < pixels; ++p)
        for (std::size_t c = 0; c < 3; ++c) planes[c * pixels + p] = data[(i * pixels + p) * 3 + c];
      statistics(rgb, height, width, target + i * 3);
    }
  }
  return figures;
}

void letterboxed(const py::object& frame_object, py::ssize_t height, py::ssize_t width, double ratio,
                 const py::object& mean, const py::object& scale, bool rgb, const py::object& out_object) {
  const Bytes frame = frame_of(frame_object);
  const Picture picture = picture_of(frame);
  const Normalisation normalisation = normalisation_of(mean, scale);
  auto out = checked_array<float>("out", "float32", "(1, 3, h, w)", out_object, 4);
  expect("out", out, {1, 3, out.shape(2), out.shape(3)});
  if (height < 1 || width < 1 || height > out.shape(2) || width > out.shape(3))
    throw py::value_error("letterbox: expected a picture within " + shape_of(out) + ", got height " +
                          std::to_string(height) + " and width " + std::to_string(width));
  if (!(ratio > 0.0 && ratio < 1e9))
    throw py::value_error("ratio: expected a positive number, got " + std::to_string(ratio));
  float* target = writable("out", out);
  const auto out_height = static_cast<std::size_t>(out.shape(2)),
             out_width = static_cast<std::size_t>(out.shape(3));
  py::gil_scoped_release nogil;
  letterbox(picture, static_cast<std::size_t>(height), static_cast<std::size_t>(width), ratio, normalisation,
            rgb, out_height, out_width, target);
}

}  // namespace

void bind_preprocess(py::module_& module) {
  module.def("align", &align, py::arg("frame"), py::arg("landmarks"), "See facekd.align.align.");
  module.def("align_batch", &align_batch, py::arg("frame"), py::arg("landmarks"), py::arg("mean"),
             py::arg("scale"), py::arg("out") = py::none(), py::arg("statistics") = py::none(),
             "See facekd.align.align_batch.");
  module.def("crop_statistics", &crop_statistics, py::arg("crops"), "See facekd.align.crop_statistics.");
  module.def("letterbox", &letterboxed, py::arg("frame"), py::arg("height"), py::arg("width"),
             py::arg("ratio"), py::arg("mean"), py::arg("scale"), py::arg("rgb"), py::arg("out"),
             "Fills out, float32 [1, 3, h, w].");
}

}  // namespace facekd
