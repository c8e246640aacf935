// AVX2 with FMA. Compiled for any x86-64; called where the processor has it.
#include "facekd/kernel.hpp"
#include "facekd/layout.hpp"

#if (defined(__x86_64__) || defined(_M_X64)) && (defined(__GNUC__) || defined(__clang__))
#if defined(__GNUC__) && !defined(__clang__)  // false alarms from GCC's own headers: gcc.gnu.org/PR105593
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#include <immintrin.h>

#include <cstring>

#define FACEKD_AVX2 __attribute__((target("avx2,fma")))

namespace facekd {
namespace {

constexpr std::size_t kGroups = kBlock / kGroup;

FACEKD_AVX2 inline __m256i broadcast4(const std::int8_t* bytes) {
  std::int32_t word;
  std::memcpy(&word, bytes, sizeof(word));
  return _mm256_set1_epi32(word);
}

FACEKD_AVX2 inline __m256i load(const std::uint8_t* bytes) {
  return _mm256_load_si256(reinterpret_cast<const __m256i*>(bytes));
}

// Adds four products of each row. Sums of two products in 16 bits must not saturate: the query's sign moves
// to the row, whose components then lie in -127..127, and 2 * 127 * 127 < 2^15.
FACEKD_AVX2 inline __m256i add_products(__m256i sum, __m256i rows, __m256i u, __m256i magnitude) {
  const __m256i pairs = _mm256_maddubs_epi16(magnitude, _mm256_sign_epi8(rows, u));
  return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

// The stored c + 128 is turned back to c here, so 128 * sum(u) is added in the end: all kernels answer the
// same.
template <std::size_t N>
FACEKD_AVX2 void dots8_tile(const std::uint8_t* block, std::size_t words, const std::int8_t* tile,
                            std::int32_t* dots) {
  const __m256i offset = _mm256_set1_epi8(-128), ones = _mm256_set1_epi8(1);
  __m256i bias[N];
  for (std::size_t q = 0; q < N; ++q) {
    bias[q] = _mm256_setzero_si256();
    for (std::size_t word = 0; word < words; ++word) {
      const __m256i pairs = _mm256_maddubs_epi16(ones, broadcast4(tile + (word * N + q) * 4));
      bias[q] = _mm256_add_epi32(bias[q], _mm256_madd_epi16(pairs, _mm256_set1_epi16(128)));
    }
  }
  for (std::size_t group = 0; group < kGroups; ++group) {
    __m256i sum[N][2];
    for (std::size_t q = 0; q < N; ++q) sum[q][0] = sum[q][1] = _mm256_setzero_si256();
    for (std::size_t word = 0; word < words; ++word) {
      const std::uint8_t* rows = block + (group * words + word) * 64;
      const __m256i low = _mm256_xor_si256(load(rows), offset),
                    high = _mm256_xor_si256(load(rows + 32), offset);
#pragma GCC unroll 3
      for (std::size_t q = 0; q < N; ++q) {
        const __m256i u = broadcast4(tile + (word * N + q) * 4), magnitude = _mm256_abs_epi8(u);
        sum[q][0] = add_products(sum[q][0], low, u, magnitude);
        sum[q][1] = add_products(sum[q][1], high, u, magnitude);
      }
    }
    for (std::size_t q = 0; q < N; ++q)
      for (std::size_t half = 0; half < 2; ++half)
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(dots + q * kBlock + group * kGroup + half * 8),
                            _mm256_add_epi32(sum[q][half], bias[q]));
  }
}

FACEKD_AVX2 void dots8(const std::uint8_t* block, std::size_t words, const std::int8_t* tile,
                       std::size_t count, std::int32_t* dots) {
  static_assert(kTile == 6);
  switch (count) {
    case 1:
      return dots8_tile<1>(block, words, tile, dots);
    case 2:
      return dots8_tile<2>(block, words, tile, dots);
    case 3:
      return dots8_tile<3>(block, words, tile, dots);
    case 4:
      return dots8_tile<4>(block, words, tile, dots);
    case 5:
      return dots8_tile<5>(block, words, tile, dots);
    default:
      return dots8_tile<6>(block, words, tile, dots);
  }
}

FACEKD_AVX2 void dots4(const std::uint8_t* block, std::size_t words, const std::int8_t* query,
                       std::int32_t* dots) {
  const __m256i low = _mm256_set1_epi8(15);
  const __m256i table =
      _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(kLevels)));
  std::int32_t bias = 0;
  for (std::size_t i = 0; i < words * 4; ++i) bias += 128 * query[i];
  for (std::size_t group = 0; group < kGroups; ++group) {
    __m256i sum[2] = {_mm256_set1_epi32(bias), _mm256_set1_epi32(bias)};
    for (std::size_t pair = 0; pair < words / 2; ++pair) {
      const std::uint8_t* rows = block + (group * words / 2 + pair) * 64;
      const __m256i first = broadcast4(query + pair * 8), second = broadcast4(query + pair * 8 + 4);
      const __m256i first_size = _mm256_abs_epi8(first), second_size = _mm256_abs_epi8(second);
#pragma GCC unroll 2
      for (std::size_t half = 0; half < 2; ++half) {
        const __m256i both = load(rows + half * 32), high = _mm256_and_si256(_mm256_srli_epi16(both, 4), low);
        sum[half] = add_products(sum[half], _mm256_shuffle_epi8(table, _mm256_and_si256(both, low)), first,
                                 first_size);
        sum[half] = add_products(sum[half], _mm256_shuffle_epi8(table, high), second, second_size);
      }
    }
    for (std::size_t half = 0; half < 2; ++half)
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(dots + group * kGroup + half * 8), sum[half]);
  }
}

FACEKD_AVX2 std::int32_t signs(const std::uint64_t* bits, std::size_t count, const std::int8_t* query) {
  const __m256i spread = _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2,
                                          3, 3, 3, 3, 3, 3, 3, 3);
  const __m256i one_of_eight = _mm256_set1_epi64x(static_cast<long long>(0x8040201008040201ULL));
  __m256i sum = _mm256_setzero_si256();
  std::size_t i = 0;
  for (; i + 32 <= count; i += 32) {
    const auto word = static_cast<std::int32_t>(bits[i / 64] >> i % 64);
    const __m256i each = _mm256_and_si256(_mm256_shuffle_epi8(_mm256_set1_epi32(word), spread), one_of_eight);
    const __m256i taken = _mm256_and_si256(
        _mm256_cmpeq_epi8(each, one_of_eight), _mm256_loadu_si256(reinterpret_cast<const __m256i*>(query + i)));
    sum = _mm256_add_epi32(
        sum, _mm256_madd_epi16(_mm256_maddubs_epi16(_mm256_set1_epi8(1), taken), _mm256_set1_epi16(1)));
  }
  alignas(32) std::int32_t sums[8];
  _mm256_store_si256(reinterpret_cast<__m256i*>(sums), sum);
  std::int32_t total = sums[0] + sums[1] + sums[2] + sums[3] + sums[4] + sums[5] + sums[6] + sums[7];
  for (; i < count; ++i) total += (bits[i / 64] >> i % 64 & 1) != 0 ? query[i] : 0;
  return total;
}

FACEKD_AVX2 std::uint64_t reach(const std::int32_t* dots, const float* scale, const float* slack,
                                const Bound& bound, float threshold) {
  const __m256i bias = _mm256_set1_epi32(bound.bias);
  const __m256 step = _mm256_set1_ps(bound.step), per_slack = _mm256_set1_ps(bound.per_slack);
  const __m256 base = _mm256_set1_ps(bound.base), floor = _mm256_set1_ps(threshold);
  std::uint64_t mask = 0;
  for (std::size_t row = 0; row < kBlock; row += 8) {
    const __m256i raw = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(dots + row));
    const __m256 dot = _mm256_cvtepi32_ps(_mm256_sub_epi32(raw, bias));
    const __m256 room = _mm256_add_ps(_mm256_mul_ps(_mm256_loadu_ps(slack + row), per_slack), base);
    const __m256 highest =
        _mm256_add_ps(_mm256_mul_ps(_mm256_loadu_ps(scale + row), _mm256_mul_ps(step, dot)), room);
    const int bits = _mm256_movemask_ps(_mm256_cmp_ps(highest, floor, _CMP_GE_OQ));
    mask |= static_cast<std::uint64_t>(static_cast<unsigned>(bits)) << row;
  }
  return mask;
}

FACEKD_AVX2 inline float sum8(__m256 v) {
  __m128 four = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  four = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(four, _mm_movehdup_ps(four)));
}

FACEKD_AVX2 void dots32(const float* rows, std::size_t stride, const float* query, float* dots) {
  for (std::size_t row = 0; row < kBlock; ++row, rows += stride) {
    __m256 sum[4] = {_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps()};
    std::size_t i = 0;
    for (; i + 32 <= stride; i += 32)
#pragma GCC unroll 4
      for (std::size_t j = 0; j < 4; ++j)
        sum[j] =
            _mm256_fmadd_ps(_mm256_loadu_ps(rows + i + j * 8), _mm256_loadu_ps(query + i + j * 8), sum[j]);
    for (; i < stride; i += 8)
      sum[0] = _mm256_fmadd_ps(_mm256_loadu_ps(rows + i), _mm256_loadu_ps(query + i), sum[0]);
    dots[row] = sum8(_mm256_add_ps(_mm256_add_ps(sum[0], sum[1]), _mm256_add_ps(sum[2], sum[3])));
  }
}

// Products of two float32 are exact in double, so a fused multiply-add rounds as the scalar kernel's add
// does.
FACEKD_AVX2 double exact(const float* row, const double* query, std::size_t stride) {
  __m256d sum[4] = {_mm256_setzero_pd(), _mm256_setzero_pd(), _mm256_setzero_pd(), _mm256_setzero_pd()};
  for (std::size_t i = 0; i < stride; i += kLanes)
#pragma GCC unroll 4
    for (std::size_t j = 0; j < 4; ++j)
      sum[j] = _mm256_fmadd_pd(_mm256_cvtps_pd(_mm_loadu_ps(row + i + j * 4)),
                               _mm256_loadu_pd(query + i + j * 4), sum[j]);
  const __m256d four = _mm256_add_pd(_mm256_add_pd(sum[0], sum[2]), _mm256_add_pd(sum[1], sum[3]));
  const __m128d two = _mm_add_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1));
  return _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)));
}

FACEKD_AVX2 inline __m256 channel(__m256i pixels, int shift) {
  return _mm256_cvtepi32_ps(
      _mm256_and_si256(_mm256_srl_epi32(pixels, _mm_cvtsi32_si128(shift)), _mm256_set1_epi32(255)));
}

FACEKD_AVX2 inline __m256 mix(__m256 a, __m256 b, __m256 share) {
  return _mm256_add_ps(a, _mm256_mul_ps(_mm256_sub_ps(b, a), share));
}

// Mixes four neighbours [upper left, upper right, lower left, lower right] and stores B, G, R of `count`
// pixels.
FACEKD_AVX2 inline void store_mixed(const __m256i tap[4], __m256 across, __m256 down, std::size_t count,
                                    std::uint8_t* b, std::uint8_t* g, std::uint8_t* r) {
  std::uint8_t* const planes[3] = {b, g, r};
#pragma GCC unroll 3
  for (int c = 0; c < 3; ++c) {
    const __m256 upper = mix(channel(tap[0], 8 * c), channel(tap[1], 8 * c), across);
    const __m256 lower = mix(channel(tap[2], 8 * c), channel(tap[3], 8 * c), across);
    const __m256i values = _mm256_cvtps_epi32(mix(upper, lower, down));
    const __m128i words =
        _mm_packus_epi32(_mm256_castsi256_si128(values), _mm256_extracti128_si256(values, 1));
    const std::int64_t bytes = _mm_cvtsi128_si64(_mm_packus_epi16(words, words));
    std::memcpy(planes[c], &bytes, count < 8 ? count : 8);
  }
}

FACEKD_AVX2 inline __m256i ramp() { return _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7); }

FACEKD_AVX2 inline __m256i first_lanes(std::size_t count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(count < 8 ? static_cast<int>(count) : 8), ramp());
}

FACEKD_AVX2 inline __m256i within(__m256i value, __m256i limit) {  // 0 <= value < limit
  return _mm256_andnot_si256(_mm256_cmpgt_epi32(_mm256_setzero_si256(), value),
                             _mm256_cmpgt_epi32(limit, value));
}

FACEKD_AVX2 inline __m256i gather(const std::uint8_t* base, __m256i offset, __m256i lanes) {
  return _mm256_mask_i32gather_epi32(_mm256_setzero_si256(), reinterpret_cast<const int*>(base), offset,
                                     lanes, 1);
}

// Four bytes from `offset` on, without reading past `last`, the last place where four bytes lie.
FACEKD_AVX2 inline __m256i pixels_at(const std::uint8_t* base, __m256i offset, __m256i last, __m256i lanes) {
  const __m256i safe = _mm256_min_epi32(offset, last);
  return _mm256_srlv_epi32(gather(base, safe, lanes), _mm256_slli_epi32(_mm256_sub_epi32(offset, safe), 3));
}

FACEKD_AVX2 void warp(const Picture& picture, const Line& line, std::size_t count,
                      std::uint8_t* const planes[3]) {
  const std::int32_t bytes = picture.width * picture.height * 3;
  if (bytes < 4) return kScalar.warp(picture, line, count, planes);
  const __m256i width = _mm256_set1_epi32(picture.width), height = _mm256_set1_epi32(picture.height);
  const __m256i row_bytes = _mm256_set1_epi32(picture.width * 3), last = _mm256_set1_epi32(bytes - 4);
  const __m256i one = _mm256_set1_epi32(1), three = _mm256_set1_epi32(3);
  for (std::size_t x = 0; x < count; x += 8) {
    const __m256i lanes = first_lanes(count - x);
    const __m256 at = _mm256_add_ps(_mm256_cvtepi32_ps(ramp()), _mm256_set1_ps(static_cast<float>(x)));
    const __m256 u = _mm256_add_ps(_mm256_set1_ps(line.u0), _mm256_mul_ps(at, _mm256_set1_ps(line.du)));
    const __m256 v = _mm256_add_ps(_mm256_set1_ps(line.v0), _mm256_mul_ps(at, _mm256_set1_ps(line.dv)));
    const __m256 left = _mm256_floor_ps(u), top = _mm256_floor_ps(v);
    const __m256i px = _mm256_add_epi32(_mm256_set1_epi32(line.x0), _mm256_cvtps_epi32(left));
    const __m256i py = _mm256_add_epi32(_mm256_set1_epi32(line.y0), _mm256_cvtps_epi32(top));
    const __m256i in_left = within(px, width), in_right = within(_mm256_add_epi32(px, one), width);
    const __m256i in_top = _mm256_and_si256(lanes, within(py, height));
    const __m256i in_bottom = _mm256_and_si256(lanes, within(_mm256_add_epi32(py, one), height));
    const __m256i offset = _mm256_add_epi32(_mm256_mullo_epi32(py, row_bytes), _mm256_mullo_epi32(px, three));
    const __m256i below = _mm256_add_epi32(offset, row_bytes);
    const std::uint8_t* base = picture.pixels;
    const __m256i tap[4] = {
        pixels_at(base, offset, last, _mm256_and_si256(in_top, in_left)),
        pixels_at(base, _mm256_add_epi32(offset, three), last, _mm256_and_si256(in_top, in_right)),
        pixels_at(base, below, last, _mm256_and_si256(in_bottom, in_left)),
        pixels_at(base, _mm256_add_epi32(below, three), last, _mm256_and_si256(in_bottom, in_right))};
    store_mixed(tap, _mm256_sub_ps(u, left), _mm256_sub_ps(v, top), count - x, planes[2] + x, planes[1] + x,
                planes[0] + x);
  }
}

FACEKD_AVX2 void resize(const ResizeRow& row, std::size_t count, std::uint8_t* const planes[3]) {
  const __m256 down = _mm256_set1_ps(row.fraction);
  for (std::size_t x = 0; x < count; x += 8) {
    const __m256i lanes = first_lanes(count - x);
    const __m256i at = _mm256_maskload_epi32(row.offsets + x, lanes);
    const __m256i next = _mm256_add_epi32(at, _mm256_maskload_epi32(row.steps + x, lanes));
    const __m256i tap[4] = {gather(row.upper, at, lanes), gather(row.upper, next, lanes),
                            gather(row.lower, at, lanes), gather(row.lower, next, lanes)};
    store_mixed(tap, _mm256_maskload_ps(row.fractions + x, lanes), down, count - x, planes[0] + x,
                planes[1] + x, planes[2] + x);
  }
}

FACEKD_AVX2 void normalise(const std::uint8_t* pixels, std::size_t count, float mean, float scale,
                           float* out) {
  const __m256 means = _mm256_set1_ps(mean), scales = _mm256_set1_ps(scale);
  std::size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(pixels + i));
    const __m256 values = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes));
    _mm256_storeu_ps(out + i, _mm256_mul_ps(_mm256_sub_ps(values, means), scales));
  }
  for (; i < count; ++i) out[i] = (static_cast<float>(pixels[i]) - mean) * scale;
}

const Kernel kAvx2 = {"avx2", dots8, dots4, signs, reach, dots32, exact, warp, resize, normalise};

}  // namespace

const Kernel* avx2_kernel() {
  static const bool has = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  return has ? &kAvx2 : nullptr;
}

}  // namespace facekd

#else

const facekd::Kernel* facekd::avx2_kernel() { return nullptr; }

#endif
