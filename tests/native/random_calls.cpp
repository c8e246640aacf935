// Calls everything below the bindings at random, right and wrong, and compares with a plain model. Built with
// ASan and UBSan by scripts/sanitize.sh; usage: random_calls [calls] [seed].
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <map>
#include <random>
#include <stdexcept>
#include <vector>

#include "best.hpp"
#include "index.hpp"
#include "preprocess.hpp"
#include "similarity.hpp"

namespace {

using facekd::Hit;

std::mt19937_64 engine;

std::size_t below(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(engine); }
bool one_in(std::size_t n) { return below(n) == 0; }

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "random_calls: wrong answer: %s\n", what);
  std::abort();
}

std::vector<float> unit(std::size_t dim) {
  std::normal_distribution<float> normal;
  std::vector<float> row(dim);
  double squared = 0;
  for (float& value : row)
    value = normal(engine), squared += static_cast<double>(value) * static_cast<double>(value);
  if (squared < 1e-6) return row[0] = 1.0F, std::fill(row.begin() + 1, row.end(), 0.0F), row;
  for (float& value : row) value = static_cast<float>(static_cast<double>(value) / std::sqrt(squared));
  return row;
}

std::vector<float> spoiled(std::vector<float> row) {
  const float values[] = {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                          1e30F, 3.0F};
  row[below(row.size())] = values[below(4)];
  return row;
}

struct Model {
  std::size_t dim;
  facekd::Index index;
  std::map<std::int64_t, std::vector<float>> rows;

  Model(std::size_t dimension, bool compact, std::size_t threads)
      : dim(dimension), index(dimension, compact, threads) {}

  std::vector<std::int64_t> some_ids(bool known, std::size_t most) {
    std::vector<std::int64_t> ids;
    for (std::size_t i = below(most + 1); i > 0; --i) {
      if (known && !rows.empty()) {
        auto at = rows.lower_bound(static_cast<std::int64_t>(below(2000)));
        ids.push_back(at == rows.end() ? rows.begin()->first : at->first);
      } else {
        ids.push_back(static_cast<std::int64_t>(below(2000)));
      }
    }
    if (!one_in(20)) {  // most of the time without repeats
      std::sort(ids.begin(), ids.end());
      ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    }
    if (one_in(50) && !ids.empty()) ids[0] = -1;
    return ids;
  }

  bool valid(const std::vector<std::int64_t>& ids, bool known) const {
    std::vector<std::int64_t> sorted(ids);
    std::sort(sorted.begin(), sorted.end());
    if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) return false;
    return std::all_of(ids.begin(), ids.end(),
                       [&](auto id) { return id >= 0 && rows.contains(id) == known; });
  }

  // Runs a change that must throw exactly when it is not valid.
  template <typename Change>
  bool changes(bool allowed, const Change& change) {
    try {
      change();
    } catch (const std::invalid_argument&) {
      require(!allowed, "a valid change was refused");
      return false;
    }
    require(allowed, "a wrong change was accepted");
    return true;
  }

  void put(bool replace) {
    const auto ids = some_ids(replace, one_in(10) ? 200 : 4);
    std::vector<std::vector<float>> fresh;
    std::vector<float> flat;
    bool good = true;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      fresh.push_back(unit(dim));
      if (one_in(200)) fresh.back() = spoiled(fresh.back()), good = false;
      if (one_in(10) && !rows.empty() && good) fresh.back() = rows.begin()->second;
      flat.insert(flat.end(), fresh.back().begin(), fresh.back().end());
    }
    const bool done = changes(good && valid(ids, replace), [&] {
      replace ? index.replace(ids, flat.data()) : index.add(ids, flat.data());
    });
    for (std::size_t i = 0; done && i < ids.size(); ++i) rows[ids[i]] = fresh[i];
  }

  void remove() {
    const auto ids = some_ids(!one_in(10), one_in(10) ? 200 : 4);
    if (changes(valid(ids, true), [&] { index.remove(ids); }))
      for (const auto id : ids) rows.erase(id);
  }

  std::vector<Hit> scores(const std::vector<float>& query) const {
    std::vector<Hit> hits;
    std::vector<double> padded(facekd::round_up(dim, facekd::kLanes));
    std::copy(query.begin(), query.end(), padded.begin());
    std::vector<float> row(padded.size());
    for (const auto& [id, values] : rows) {
      std::copy(values.begin(), values.end(), row.begin());
      hits.push_back({facekd::kScalar.exact(row.data(), padded.data(), padded.size()), id});
    }
    std::sort(hits.begin(), hits.end(), facekd::better);
    return hits;
  }

  void search() {
    const std::size_t count = below(9), k = 1 + below(one_in(10) ? 300 : 6);
    std::vector<float> queries;
    for (std::size_t q = 0; q < count; ++q) {
      const auto query = one_in(4) && !rows.empty() ? rows.begin()->second : unit(dim);
      queries.insert(queries.end(), query.begin(), query.end());
    }
    std::vector<std::int64_t> ids(count * k);
    std::vector<float> found(count * k);
    const bool restricted = one_in(3);
    const auto allow = some_ids(one_in(2), 60);
    std::optional<std::span<const std::int64_t>> wanted;
    if (restricted) wanted = allow;
    index.search(queries.data(), count, k, wanted, ids.data(), found.data());
    for (std::size_t q = 0; q < count; ++q) {
      auto hits = scores({queries.begin() + static_cast<std::ptrdiff_t>(q * dim),
                          queries.begin() + static_cast<std::ptrdiff_t>((q + 1) * dim)});
      if (restricted)
        std::erase_if(hits, [&](const Hit& hit) {
          return std::find(allow.begin(), allow.end(), hit.id) == allow.end();
        });
      for (std::size_t i = 0; i < k; ++i) {
        require(ids[q * k + i] == (i < hits.size() ? hits[i].id : -1), "search: id");
        require(i >= hits.size() || found[q * k + i] == static_cast<float>(hits[i].score), "search: score");
      }
    }
  }

  void matches() {
    const auto query = unit(dim);
    const double threshold = static_cast<double>(below(100)) / 100.0;
    const auto found = index.matches(query.data(), 1, threshold);
    auto hits = scores(query);
    std::erase_if(hits, [&](const Hit& hit) { return hit.score < threshold; });
    require(found.ids.size() == hits.size(), "matches: number");
    for (std::size_t i = 0; i < hits.size(); ++i) require(found.ids[i] == hits[i].id, "matches: id");
  }

  void step() {
    switch (below(8)) {
      case 0:
        return put(false);
      case 1:
        return put(true);
      case 2:
        return remove();
      case 3:
        return matches();
      default:
        return search();
    }
  }
};

void preprocess() {
  const std::size_t height = 1 + below(one_in(4) ? 200 : 6), width = 1 + below(one_in(4) ? 200 : 6);
  std::vector<std::uint8_t> pixels(height * width * 3);
  for (auto& pixel : pixels) pixel = static_cast<std::uint8_t>(below(256));
  const facekd::Picture picture{pixels.data(), static_cast<std::int32_t>(height),
                                static_cast<std::int32_t>(width)};
  const facekd::Normalisation normalisation{{1, 2, 3}, {0.5F, 1.0F, 2.0F}};
  double points[10], matrix[6];
  const double spread = std::pow(10.0, static_cast<double>(below(9)) - 3.0);
  for (double& point : points) point = spread * (static_cast<double>(below(2001)) / 1000.0 - 1.0);
  if (one_in(30)) points[below(10)] = std::numeric_limits<double>::quiet_NaN();
  if (facekd::similarity(points, matrix)) {
    std::vector<float> out(3 * facekd::kCropPixels);
    float figures[3];
    facekd::warp_normalised(picture, matrix, normalisation, out.data(), figures);
    require(std::isfinite(figures[0] + figures[1] + figures[2]), "warp: figures");
  }
  const std::size_t out_height = 1 + below(90), out_width = 1 + below(90);
  const double ratio = std::min(static_cast<double>(out_height) / static_cast<double>(height),
                                static_cast<double>(out_width) / static_cast<double>(width));
  const auto side = [&](std::size_t source, std::size_t limit) {
    const auto rounded = static_cast<std::size_t>(std::nearbyint(static_cast<double>(source) * ratio));
    return std::clamp<std::size_t>(rounded, 1, limit);
  };
  std::vector<float> out(3 * out_height * out_width, std::numeric_limits<float>::quiet_NaN());
  facekd::letterbox(picture, side(height, out_height), side(width, out_width), ratio, normalisation,
                    one_in(2), out_height, out_width, out.data());
  for (const float value : out) require(std::isfinite(value), "letterbox: a value was not written");
}

}  // namespace

int main(int argc, char** argv) {
  const unsigned long calls = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 100000;
  engine.seed(argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 1);
  const std::size_t dims[] = {1, 2, 5, 8, 16, 17, 33, 64};
  for (unsigned long done = 0; done < calls;) {
    Model model(dims[below(8)], !one_in(3), 1 + below(3));
    for (unsigned long end = std::min(calls, done + 500); done < end; ++done)
      one_in(12) ? preprocess() : model.step();
  }
  std::printf("random_calls: %lu calls with the %s kernel agree with the model\n", calls,
              facekd::active_kernel().name);
}
