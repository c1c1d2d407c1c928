#include "kernels/matmul/multiply.h"

namespace mica {

template double dot<double>(const double*, const double*, int64_t);

}  // namespace mica
