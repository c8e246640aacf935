#include "facekd/kernel.hpp"

#include <cstdlib>
#include <stdexcept>

namespace facekd {
namespace {

const Kernel* choose() {
  const auto kernels = available_kernels();
  const char* forced = std::getenv("FACEKD_KERNEL");
  if (forced == nullptr || *forced == '\0') return kernels.front();
  std::string names;
  for (const Kernel* kernel : kernels) {
    if (std::string(forced) == kernel->name) return kernel;
    names += std::string(names.empty() ? "" : ", ") + kernel->name;
  }
  throw std::invalid_argument("FACEKD_KERNEL: expected one that this machine runs (" + names + "), got '" +
                              forced + "'; unset it to get the best");
}

}  // namespace

std::vector<const Kernel*> available_kernels() {
  std::vector<const Kernel*> kernels;
  for (const Kernel* kernel : {avx512_kernel(), avx2_kernel(), &kScalar})
    if (kernel != nullptr) kernels.push_back(kernel);
  return kernels;
}

const Kernel& active_kernel() {
  static const Kernel* const chosen =
      choose();  // an exception leaves it unset: the next call fails as clearly
  return *chosen;
}

}  // namespace facekd
