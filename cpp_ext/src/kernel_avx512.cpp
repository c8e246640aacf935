// AVX-512 with VNNI: 64 products of bytes an instruction. Compiled for any x86-64; called where the CPU has
// it.
#include "facekd/kernel.hpp"
#include "facekd/layout.hpp"

#if (defined(__x86_64__) || defined(_M_X64)) && (defined(__GNUC__) || defined(__clang__))
#if defined(__GNUC__) && !defined(__clang__)  // false alarms from GCC's own headers: gcc.gnu.org/PR105593
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#include <immintrin.h>

#include <cstring>
#include <limits>

#define FACEKD_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,fma")))

namespace facekd {
namespace {

constexpr std::size_t kGroups = kBlock / kGroup;

FACEKD_AVX512 inline __m512i broadcast4(const std::int8_t* bytes) {
  std::int32_t word;
  std::memcpy(&word, bytes, sizeof(word));
  return _mm512_set1_epi32(word);
}

// One query: four partial sums along the components, so that the block is read straight through.
FACEKD_AVX512 void dots8_one(const std::uint8_t* block, std::size_t words, const std::int8_t* query,
                             std::int32_t* dots) {
  for (std::size_t group = 0; group < kGroups; ++group) {
    const std::uint8_t* rows = block + group * words * 64;
    __m512i sum[4] = {_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512(),
                      _mm512_setzero_si512()};
    std::size_t word = 0;
    for (; word + 4 <= words; word += 4)
#pragma GCC unroll 4
      for (std::size_t i = 0; i < 4; ++i)
        sum[i] = _mm512_dpbusd_epi32(sum[i], _mm512_load_si512(rows + (word + i) * 64),
                                     broadcast4(query + (word + i) * 4));
    for (; word < words; ++word)
      sum[0] = _mm512_dpbusd_epi32(sum[0], _mm512_load_si512(rows + word * 64), broadcast4(query + word * 4));
    _mm512_storeu_si512(dots + group * kGroup,
                        _mm512_add_epi32(_mm512_add_epi32(sum[0], sum[1]), _mm512_add_epi32(sum[2], sum[3])));
  }
}

// Several queries: 4 x N sums stay in registers, so a row register is loaded once for N queries.
template <std::size_t N>
FACEKD_AVX512 void dots8_tile(const std::uint8_t* block, std::size_t words, const std::int8_t* tile,
                              std::int32_t* dots) {
  __m512i sum[kGroups][N];
#pragma GCC unroll 4
  for (std::size_t g = 0; g < kGroups; ++g)
#pragma GCC unroll 6
    for (std::size_t q = 0; q < N; ++q) sum[g][q] = _mm512_setzero_si512();
  for (std::size_t word = 0; word < words; ++word) {
    __m512i rows[kGroups];
#pragma GCC unroll 4
    for (std::size_t g = 0; g < kGroups; ++g) rows[g] = _mm512_load_si512(block + (g * words + word) * 64);
#pragma GCC unroll 6
    for (std::size_t q = 0; q < N; ++q) {
      const __m512i u = broadcast4(tile + (word * N + q) * 4);
#pragma GCC unroll 4
      for (std::size_t g = 0; g < kGroups; ++g) sum[g][q] = _mm512_dpbusd_epi32(sum[g][q], rows[g], u);
    }
  }
#pragma GCC unroll 4
  for (std::size_t g = 0; g < kGroups; ++g)
#pragma GCC unroll 6
    for (std::size_t q = 0; q < N; ++q) _mm512_storeu_si512(dots + q * kBlock + g * kGroup, sum[g][q]);
}

FACEKD_AVX512 void dots8(const std::uint8_t* block, std::size_t words, const std::int8_t* tile,
                         std::size_t count, std::int32_t* dots) {
  static_assert(kTile == 6);
  switch (count) {
    case 1:
      return dots8_one(block, words, tile, dots);
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

FACEKD_AVX512 void dots4(const std::uint8_t* block, std::size_t words, const std::int8_t* query,
                         std::int32_t* dots) {
  const __m512i low = _mm512_set1_epi8(15);
  const __m128i levels = _mm_loadu_si128(reinterpret_cast<const __m128i*>(kLevels));
  const __m512i table = _mm512_broadcast_i32x4(_mm_xor_si128(levels, _mm_set1_epi8(-128)));  // c + 128
  for (std::size_t group = 0; group < kGroups; ++group) {
    const std::uint8_t* rows = block + group * words / 2 * 64;
    __m512i sum[4] = {_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512(),
                      _mm512_setzero_si512()};
    for (std::size_t pair = 0; pair < words / 2; pair += 2)
#pragma GCC unroll 2
      for (std::size_t i = 0; i < 2; ++i) {
        if (pair + i == words / 2) break;
        const __m512i both = _mm512_load_si512(rows + (pair + i) * 64);
        const __m512i first = _mm512_shuffle_epi8(table, _mm512_and_si512(both, low));
        const __m512i second = _mm512_shuffle_epi8(table, _mm512_and_si512(_mm512_srli_epi16(both, 4), low));
        const std::int8_t* u = query + (pair + i) * 8;
        sum[2 * i] = _mm512_dpbusd_epi32(sum[2 * i], first, broadcast4(u));
        sum[2 * i + 1] = _mm512_dpbusd_epi32(sum[2 * i + 1], second, broadcast4(u + 4));
      }
    _mm512_storeu_si512(dots + group * kGroup,
                        _mm512_add_epi32(_mm512_add_epi32(sum[0], sum[1]), _mm512_add_epi32(sum[2], sum[3])));
  }
}

FACEKD_AVX512 std::int32_t signs(const std::uint64_t* bits, std::size_t count, const std::int8_t* query) {
  __m512i sum = _mm512_setzero_si512();
  for (std::size_t i = 0; i < count; i += 64) {
    const std::uint64_t inside = count - i >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << (count - i)) - 1;
    sum = _mm512_dpbusd_epi32(sum, _mm512_set1_epi8(1), _mm512_maskz_loadu_epi8(bits[i / 64] & inside, query + i));
  }
  return _mm512_reduce_add_epi32(sum);
}

FACEKD_AVX512 std::uint64_t reach(const std::int32_t* dots, const float* scale, const float* slack,
                                  const Bound& bound, float threshold) {
  const __m512i bias = _mm512_set1_epi32(bound.bias);
  const __m512 step = _mm512_set1_ps(bound.step), per_slack = _mm512_set1_ps(bound.per_slack);
  const __m512 base = _mm512_set1_ps(bound.base), floor = _mm512_set1_ps(threshold);
  std::uint64_t mask = 0;
  for (std::size_t g = 0; g < kGroups; ++g) {
    const __m512 dot = _mm512_cvtepi32_ps(_mm512_sub_epi32(_mm512_loadu_si512(dots + g * kGroup), bias));
    const __m512 room = _mm512_add_ps(_mm512_mul_ps(_mm512_loadu_ps(slack + g * kGroup), per_slack), base);
    const __m512 highest =
        _mm512_add_ps(_mm512_mul_ps(_mm512_loadu_ps(scale + g * kGroup), _mm512_mul_ps(step, dot)), room);
    mask |= static_cast<std::uint64_t>(_mm512_cmp_ps_mask(highest, floor, _CMP_GE_OQ)) << (g * kGroup);
  }
  return mask;
}

FACEKD_AVX512 void dots32(const float* rows, std::size_t stride, const float* query, float* dots) {
  for (std::size_t row = 0; row < kBlock; ++row, rows += stride) {
    __m512 sum[4] = {_mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps()};
    std::size_t i = 0;
    for (; i + 64 <= stride; i += 64)
#pragma GCC unroll 4
      for (std::size_t j = 0; j < 4; ++j)
        sum[j] =
            _mm512_fmadd_ps(_mm512_loadu_ps(rows + i + j * 16), _mm512_loadu_ps(query + i + j * 16), sum[j]);
    for (; i < stride; i += 16)
      sum[0] = _mm512_fmadd_ps(_mm512_loadu_ps(rows + i), _mm512_loadu_ps(query + i), sum[0]);
    dots[row] =
        _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(sum[0], sum[1]), _mm512_add_ps(sum[2], sum[3])));
  }
}

// Products of two float32 are exact in double, so a fused multiply-add rounds as the scalar kernel's add
// does.
FACEKD_AVX512 double exact(const float* row, const double* query, std::size_t stride) {
  __m512d low = _mm512_setzero_pd(), high = _mm512_setzero_pd();
  for (std::size_t i = 0; i < stride; i += kLanes) {
    low = _mm512_fmadd_pd(_mm512_cvtps_pd(_mm256_loadu_ps(row + i)), _mm512_loadu_pd(query + i), low);
    high =
        _mm512_fmadd_pd(_mm512_cvtps_pd(_mm256_loadu_ps(row + i + 8)), _mm512_loadu_pd(query + i + 8), high);
  }
  const __m512d eight = _mm512_add_pd(low, high);
  const __m256d four = _mm256_add_pd(_mm512_castpd512_pd256(eight), _mm512_extractf64x4_pd(eight, 1));
  const __m128d two = _mm_add_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1));
  return _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)));
}

FACEKD_AVX512 inline __m512 channel(__m512i pixels, int shift) {
  return _mm512_cvtepi32_ps(
      _mm512_and_si512(_mm512_srl_epi32(pixels, _mm_cvtsi32_si128(shift)), _mm512_set1_epi32(255)));
}

FACEKD_AVX512 inline __m512 mix(__m512 a, __m512 b, __m512 share) {
  return _mm512_add_ps(a, _mm512_mul_ps(_mm512_sub_ps(b, a), share));
}

// Mixes four neighbours [upper left, upper right, lower left, lower right] and stores B, G, R of `lanes`
// pixels.
FACEKD_AVX512 inline void store_mixed(const __m512i tap[4], __m512 across, __m512 down, __mmask16 lanes,
                                      std::uint8_t* b, std::uint8_t* g, std::uint8_t* r) {
  std::uint8_t* const planes[3] = {b, g, r};
#pragma GCC unroll 3
  for (int c = 0; c < 3; ++c) {
    const __m512 upper = mix(channel(tap[0], 8 * c), channel(tap[1], 8 * c), across);
    const __m512 lower = mix(channel(tap[2], 8 * c), channel(tap[3], 8 * c), across);
    _mm512_mask_cvtepi32_storeu_epi8(planes[c], lanes, _mm512_cvtps_epi32(mix(upper, lower, down)));
  }
}

FACEKD_AVX512 inline __mmask16 first_lanes(std::size_t count) {
  return static_cast<__mmask16>(count >= 16 ? 0xffffU : (1U << count) - 1);
}

struct Pair {
  __m512i left, right;  // a pixel and its right neighbour, B, G, R in the low three bytes; 0 where masked out
};

// Two neighbouring pixels are six bytes: one gather of eight bytes brings both. Never reads outside 0 .. last
// + 8; where the pair lies partly outside, rotation puts the inner pixel in its place and the other one is
// masked.
FACEKD_AVX512 inline Pair pair_at(const std::uint8_t* base, __m512i offset, __m512i last, __mmask16 left,
                                  __mmask16 right) {
  const __m512i safe = _mm512_max_epi32(_mm512_min_epi32(offset, last), _mm512_setzero_si512());
  const __m512i turn =
      _mm512_slli_epi32(_mm512_sub_epi32(offset, safe), 3);  // bits; modulo 64 in the rotation
  const auto any = static_cast<__mmask16>(left | right);
  const __m512i zero = _mm512_setzero_si512();
  const __m256i safe_low = _mm512_castsi512_si256(safe), safe_high = _mm512_extracti64x4_epi64(safe, 1);
  const __m256i turn_low = _mm512_castsi512_si256(turn), turn_high = _mm512_extracti64x4_epi64(turn, 1);
  const __m512i low =
      _mm512_rorv_epi64(_mm512_mask_i32gather_epi64(zero, static_cast<__mmask8>(any), safe_low, base, 1),
                        _mm512_cvtepi32_epi64(turn_low));
  const __m512i high = _mm512_rorv_epi64(
      _mm512_mask_i32gather_epi64(zero, static_cast<__mmask8>(any >> 8), safe_high, base, 1),
      _mm512_cvtepi32_epi64(turn_high));
  const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  return {
      _mm512_maskz_permutex2var_epi32(left, low, even, high),
      _mm512_maskz_permutex2var_epi32(right, _mm512_srli_epi64(low, 24), even, _mm512_srli_epi64(high, 24))};
}

FACEKD_AVX512 void warp(const Picture& picture, const Line& line, std::size_t count,
                        std::uint8_t* const planes[3]) {
  const std::int32_t bytes = picture.width * picture.height * 3;
  if (bytes < 8) return kScalar.warp(picture, line, count, planes);
  const __m512i width = _mm512_set1_epi32(picture.width), height = _mm512_set1_epi32(picture.height);
  const __m512i row_bytes = _mm512_set1_epi32(picture.width * 3), last = _mm512_set1_epi32(bytes - 8);
  const __m512i one = _mm512_set1_epi32(1), three = _mm512_set1_epi32(3);
  const __m512 ramp = _mm512_setr_ps(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  for (std::size_t x = 0; x < count; x += 16) {
    const __mmask16 lanes = first_lanes(count - x);
    const __m512 at = _mm512_add_ps(ramp, _mm512_set1_ps(static_cast<float>(x)));
    const __m512 u = _mm512_add_ps(_mm512_set1_ps(line.u0), _mm512_mul_ps(at, _mm512_set1_ps(line.du)));
    const __m512 v = _mm512_add_ps(_mm512_set1_ps(line.v0), _mm512_mul_ps(at, _mm512_set1_ps(line.dv)));
    const __m512 left = _mm512_roundscale_ps(u, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
    const __m512 top = _mm512_roundscale_ps(v, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
    const __m512i px = _mm512_add_epi32(_mm512_set1_epi32(line.x0), _mm512_cvtps_epi32(left));
    const __m512i py = _mm512_add_epi32(_mm512_set1_epi32(line.y0), _mm512_cvtps_epi32(top));
    const __m512i px1 = _mm512_add_epi32(px, one), py1 = _mm512_add_epi32(py, one);
    // As unsigned numbers, negative coordinates are too large as well.
    const __mmask16 in_left = _mm512_cmplt_epu32_mask(px, width),
                    in_right = _mm512_cmplt_epu32_mask(px1, width);
    const __mmask16 in_top = lanes & _mm512_cmplt_epu32_mask(py, height);
    const __mmask16 in_bottom = lanes & _mm512_cmplt_epu32_mask(py1, height);
    const __m512i offset = _mm512_add_epi32(_mm512_mullo_epi32(py, row_bytes), _mm512_mullo_epi32(px, three));
    const Pair upper = pair_at(picture.pixels, offset, last, in_top & in_left, in_top & in_right);
    const Pair lower = pair_at(picture.pixels, _mm512_add_epi32(offset, row_bytes), last, in_bottom & in_left,
                               in_bottom & in_right);
    const __m512i tap[4] = {upper.left, upper.right, lower.left, lower.right};
    store_mixed(tap, _mm512_sub_ps(u, left), _mm512_sub_ps(v, top), lanes, planes[2] + x, planes[1] + x,
                planes[0] + x);
  }
}

FACEKD_AVX512 void resize(const ResizeRow& row, std::size_t count, std::uint8_t* const planes[3]) {
  const __m512 down = _mm512_set1_ps(row.fraction);
  // At the right border the neighbour counts nothing, so it may be whatever lies in memory.
  const __m512i everywhere = _mm512_set1_epi32(std::numeric_limits<std::int32_t>::max());
  for (std::size_t x = 0; x < count; x += 16) {
    const __mmask16 lanes = first_lanes(count - x);
    const __m512i at = _mm512_maskz_loadu_epi32(lanes, row.offsets + x);
    const Pair upper = pair_at(row.upper, at, everywhere, lanes, lanes);
    const Pair lower = pair_at(row.lower, at, everywhere, lanes, lanes);
    const __m512i tap[4] = {upper.left, upper.right, lower.left, lower.right};
    store_mixed(tap, _mm512_maskz_loadu_ps(lanes, row.fractions + x), down, lanes, planes[0] + x,
                planes[1] + x, planes[2] + x);
  }
}

FACEKD_AVX512 void normalise(const std::uint8_t* pixels, std::size_t count, float mean, float scale,
                             float* out) {
  const __m512 means = _mm512_set1_ps(mean), scales = _mm512_set1_ps(scale);
  for (std::size_t i = 0; i < count; i += 16) {
    const __mmask16 lanes = first_lanes(count - i);
    const __m512 values = _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(lanes, pixels + i)));
    _mm512_mask_storeu_ps(out + i, lanes, _mm512_mul_ps(_mm512_sub_ps(values, means), scales));
  }
}

const Kernel kAvx512 = {"avx512", dots8, dots4, signs, reach, dots32, exact, warp, resize, normalise};

}  // namespace

const Kernel* avx512_kernel() {
  static const bool has = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                          __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                          __builtin_cpu_supports("avx512vnni");
  return has ? &kAvx512 : nullptr;
}

}  // namespace facekd

#else

const facekd::Kernel* facekd::avx512_kernel() { return nullptr; }

#endif
