// facekd._native.Index. Every Python object is read before the GIL goes; the arguments keep the arrays alive.
#include <cmath>
#include <optional>
#include <span>
#include <vector>

#include "bindings.hpp"
#include "index.hpp"

namespace facekd {
namespace {

using Ids = py::array_t<std::int64_t>;
using Floats = py::array_t<float>;

std::size_t positive(const char* name, py::ssize_t value, py::ssize_t least) {
  if (value < least)
    throw py::value_error(std::string(name) + ": expected at least " + std::to_string(least) + ", got " +
                          std::to_string(value));
  return static_cast<std::size_t>(value);
}

Ids ids_of(const py::object& object) {
  return checked_array<std::int64_t>("ids", "int64", "(n,)", object, 1);
}

std::span<const std::int64_t> view(const Ids& ids) {
  return {ids.data(), static_cast<std::size_t>(ids.size())};
}

Floats vectors_of(const char* name, const py::object& object, std::size_t dim, py::ssize_t count = -1) {
  const std::string wanted =
      "(" + (count < 0 ? std::string("n") : std::to_string(count)) + ", " + std::to_string(dim) + ")";
  auto vectors = checked_array<float>(name, "float32", wanted.c_str(), object, 2);
  if (static_cast<std::size_t>(vectors.shape(1)) != dim || (count >= 0 && vectors.shape(0) != count))
    throw py::value_error(std::string(name) + ": expected shape " + wanted + ", got " + shape_of(vectors));
  return vectors;
}

void add(Index& index, const py::object& ids_object, const py::object& rows_object) {
  const Ids ids = ids_of(ids_object);
  const Floats rows = vectors_of("rows", rows_object, index.dim(), ids.size());
  const auto span = view(ids);
  const float* data = rows.data();
  py::gil_scoped_release nogil;
  index.add(span, data);
}

void remove(Index& index, const py::object& ids_object) {
  const Ids ids = ids_of(ids_object);
  const auto span = view(ids);
  py::gil_scoped_release nogil;
  index.remove(span);
}

void replace(Index& index, const py::object& ids_object, const py::object& rows_object) {
  const Ids ids = ids_of(ids_object);
  const Floats rows = vectors_of("rows", rows_object, index.dim(), ids.size());
  const auto span = view(ids);
  const float* data = rows.data();
  py::gil_scoped_release nogil;
  index.replace(span, data);
}

template <typename T>
py::array_t<T> array_of(const std::vector<T>& values) {
  return py::array_t<T>(static_cast<py::ssize_t>(values.size()), values.data());
}

// The ids that may be found; `storage` holds those of a bitmap or a Python set.
std::optional<std::span<const std::int64_t>> allowed(const py::object& object,
                                                     std::vector<std::int64_t>& storage) {
  if (object.is_none()) return std::nullopt;
  if (py::isinstance<py::array_t<bool>>(object)) {
    const auto bitmap = checked_array<bool>("allow", "bool", "(n,)", object, 1);
    for (py::ssize_t id = 0; id < bitmap.size(); ++id)
      if (bitmap.data()[id]) storage.push_back(id);
    return std::span<const std::int64_t>(storage);
  }
  if (PyAnySet_Check(object.ptr()) != 0) {
    for (const py::handle id : object) {
      if (!py::isinstance<py::int_>(id))
        throw py::type_error("allow: expected a set of int, got one of " + kind_of(id));
      storage.push_back(id.cast<std::int64_t>());
    }
    return std::span<const std::int64_t>(storage);
  }
  return view(checked_array<std::int64_t>("allow", "int64 or bool", "(n,)", object, 1));
}

py::tuple search(const Index& index, const py::object& queries_object, py::ssize_t k,
                 const py::object& allow) {
  const Floats queries = vectors_of("queries", queries_object, index.dim());
  const std::size_t best = positive("k", k, 1);
  std::vector<std::int64_t> storage;
  const auto wanted = allowed(allow, storage);
  Ids ids({queries.shape(0), k});
  Floats scores({queries.shape(0), k});
  const float* data = queries.data();
  std::int64_t* id_data = ids.mutable_data();
  float* score_data = scores.mutable_data();
  const auto count = static_cast<std::size_t>(queries.shape(0));
  {
    py::gil_scoped_release nogil;
    index.search(data, count, best, wanted, id_data, score_data);
  }
  return py::make_tuple(std::move(ids), std::move(scores));
}

py::tuple matches(const Index& index, const py::object& queries_object, double threshold) {
  const Floats queries = vectors_of("queries", queries_object, index.dim());
  if (!std::isfinite(threshold))
    throw py::value_error("threshold: expected a finite number, got " + std::to_string(threshold));
  const float* data = queries.data();
  const auto count = static_cast<std::size_t>(queries.shape(0));
  Matches found;
  {
    py::gil_scoped_release nogil;
    found = index.matches(data, count, threshold);
  }
  return py::make_tuple(array_of(found.queries), array_of(found.ids), array_of(found.scores));
}

Ids ids(const Index& index) {
  std::vector<std::int64_t> found;
  {
    py::gil_scoped_release nogil;
    found = index.ids();
  }
  return array_of(found);
}

}  // namespace

void bind_index(py::module_& module) {
  py::class_<Index>(module, "Index", py::metaclass(reinterpret_cast<PyObject*>(&PyType_Type)),
                    "Exact search over unit vectors that change; see facekd.search.SearchIndex.")
      .def(py::init([](py::ssize_t dim, bool compact, py::ssize_t threads) {
             return std::make_unique<Index>(positive("dim", dim, 1), compact,
                                            positive("threads", threads, 0));
           }),
           py::arg("dim"), py::kw_only(), py::arg("compact") = true, py::arg("threads") = 0)
      .def_property_readonly("dim", &Index::dim)
      .def_property_readonly("ids", &ids)
      .def("__len__", &Index::size)
      .def("add", &add, py::arg("ids"), py::arg("rows"))
      .def("remove", &remove, py::arg("ids"))
      .def("replace", &replace, py::arg("ids"), py::arg("rows"))
      .def("search", &search, py::arg("queries"), py::arg("k"), py::kw_only(), py::arg("allow") = py::none())
      .def("matches", &matches, py::arg("queries"), py::arg("threshold"));
}

}  // namespace facekd
