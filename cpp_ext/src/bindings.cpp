// The module and what concerns all of it.
#include "bindings.hpp"

#include "facekd/kernel.hpp"

namespace facekd {

std::string shape_of(const py::array& array) {
  std::string text = "(";
  for (py::ssize_t i = 0; i < array.ndim(); ++i) text += (i > 0 ? ", " : "") + std::to_string(array.shape(i));
  return text + (array.ndim() == 1 ? ",)" : ")");
}

std::string kind_of(const py::handle& object) {
  if (!py::isinstance<py::array>(object)) return py::str(py::type::of(object).attr("__name__"));
  const auto array = py::reinterpret_borrow<py::array>(object);
  return py::cast<std::string>(py::str(array.dtype())) + " " + shape_of(array);
}

}  // namespace facekd

PYBIND11_MODULE(_native, module) {
  namespace py = pybind11;
  module.doc() = "The compiled engine of facekd: exact search and image preprocessing.";
  module.def(
      "active_kernel", [] { return facekd::active_kernel().name; },
      "Name of the kernel that serves; ValueError when FACEKD_KERNEL names none that this machine runs.");
  module.def(
      "kernels",
      [] {
        py::list names;
        for (const auto* kernel : facekd::available_kernels()) names.append(kernel->name);
        return names;
      },
      "Names of the kernels that this machine runs, best first.");
  facekd::bind_index(module);
  facekd::bind_preprocess(module);
}
