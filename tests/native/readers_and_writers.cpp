// Many threads search one index while others change it. Built with TSan by scripts/sanitize.sh; usage:
// readers_and_writers [seconds].
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <random>
#include <thread>
#include <vector>

#include "index.hpp"

namespace {

constexpr std::size_t kDim = 24, kRows = 20000, kOwn = 300;
constexpr std::int64_t kFixed = 1000;  // ids below stay as they are

std::vector<float> units(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  std::normal_distribution<float> normal;
  std::vector<float> rows(count * kDim);
  for (std::size_t row = 0; row < count; ++row) {
    double squared = 0;
    for (std::size_t i = 0; i < kDim; ++i) {
      const float value = rows[row * kDim + i] = normal(engine);
      squared += static_cast<double>(value) * static_cast<double>(value);
    }
    for (std::size_t i = 0; i < kDim; ++i)
      rows[row * kDim + i] =
          static_cast<float>(static_cast<double>(rows[row * kDim + i]) / std::sqrt(squared));
  }
  return rows;
}

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "readers_and_writers: wrong answer: %s\n", what);
  std::abort();
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::strtod(argv[1], nullptr) : 5.0;
  facekd::Index index(kDim, true, 3);
  const auto rows = units(kRows, 1);
  std::vector<std::int64_t> ids(kRows);
  std::iota(ids.begin(), ids.end(), std::int64_t{0});
  index.add(ids, rows.data());

  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> searches{0}, changes{0};
  std::vector<std::thread> threads;
  for (std::size_t reader = 0; reader < 3; ++reader)
    threads.emplace_back([&, reader] {
      std::mt19937_64 engine(reader);
      std::vector<std::int64_t> found(8 * 3);
      std::vector<float> scores(8 * 3);
      const std::vector<std::int64_t> allow{1, 5, 9, 400, 999};
      while (!stop.load()) {
        const std::size_t first = engine() % (kFixed - 8);
        index.search(rows.data() + first * kDim, 8, 3, std::nullopt, found.data(), scores.data());
        for (std::size_t q = 0; q < 8; ++q)  // rows that never change are always their own nearest
          require(found[q * 3] == static_cast<std::int64_t>(first + q), "a fixed row was not found");
        index.search(rows.data() + 5 * kDim, 1, 1, allow, found.data(), scores.data());
        require(found[0] == 5, "an allowed row was not found");
        index.matches(rows.data() + first * kDim, 1, 0.99);
        if (searches++ % 50 == 0) require(index.ids().size() >= kFixed, "ids are missing");
      }
    });
  for (std::size_t writer = 0; writer < 2; ++writer)
    threads.emplace_back([&, writer] {
      const std::size_t first = static_cast<std::size_t>(kFixed) + writer * 5000;
      std::vector<std::int64_t> own(kOwn);
      std::iota(own.begin(), own.end(), static_cast<std::int64_t>(first));
      for (std::uint64_t turn = 0; !stop.load(); ++turn) {
        const auto fresh = units(kOwn, turn * 2 + writer);
        index.replace(own, fresh.data());
        index.remove(own);
        index.add(own, fresh.data());
        changes += 3;
      }
    });
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  stop = true;
  for (auto& thread : threads) thread.join();
  require(index.size() == kRows, "rows were lost");
  std::printf("readers_and_writers: %llu rounds of searches beside %llu changes\n",
              static_cast<unsigned long long>(searches.load()),
              static_cast<unsigned long long>(changes.load()));
}
