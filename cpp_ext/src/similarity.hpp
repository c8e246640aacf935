// The similarity transform that takes a face's five points to the template of the crop.
#pragma once

#include <cstddef>

namespace facekd {

// `points` [5, 2] in picture pixels; writes [2, 3], picture to crop. False when the points are not finite or
// fix no similarity. The same closed form and limits as facekd.align.similarity.
bool similarity(const double* points, double* matrix);

}  // namespace facekd
