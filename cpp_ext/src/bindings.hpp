// What the binding files share: checks with messages that name both shapes, and the parts of the module.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstddef>
#include <string>

namespace facekd {

namespace py = pybind11;

void bind_index(py::module_& module);
void bind_preprocess(py::module_& module);

std::string kind_of(const py::handle& object);  // "float64 (3, 2)", or the type's name
std::string shape_of(const py::array& array);   // "(3, 2)"

// The array itself, never a copy: TypeError for another dtype, ValueError for another layout. The shape is
// for the message.
template <typename T>
py::array_t<T> checked_array(const char* name, const char* dtype, const char* shape, const py::handle& object,
                             py::ssize_t dimensions) {
  if (!py::isinstance<py::array_t<T>>(object))
    throw py::type_error(std::string(name) + ": expected a " + dtype + " array " + shape + ", got " +
                         kind_of(object));
  auto array = py::reinterpret_borrow<py::array_t<T>>(object);
  if (array.ndim() != dimensions)
    throw py::value_error(std::string(name) + ": expected shape " + shape + ", got " + shape_of(array));
  if ((array.flags() & py::array::c_style) == 0)
    throw py::value_error(std::string(name) + ": expected C order without gaps, got a view of shape " +
                          shape_of(array) + "; copy it first");
  return array;
}

}  // namespace facekd
