// RelativePositionBias, com.microsoft 1: bias[0, h, i, j] = table[bucket(j - i), h], with the buckets of T5 (Raffel et
// al., "Exploring the Limits of Transfer Learning", 2020): one for each small distance, then ones that grow with the
// logarithm up to max_distance. The elements of the table [buckets, heads] stand in memory head by head.
#include <algorithm>
#include <cmath>

#include "kernels/op.h"
#include "kernels/shape/elements.h"
#include "kernels/shape/shape_input.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

struct RelativePositionBias {
  int64_t max_distance = 0;
  bool is_bidirectional = false;
};

void prepare(RelativePositionBias& op, const NodeFacts&) {
  if (op.max_distance < 1) throw_error(ErrorCode::InvalidModel, {"max_distance is ", op.max_distance});
}

void infer(const RelativePositionBias&, InferContext& ctx) {
  const Dims* table = ctx.dims(0);
  if (table != nullptr && table->size() != 2)
    throw_error(ErrorCode::InvalidModel, {"bias_table ", *table, " must have rank 2"});
  const auto length = [&](size_t input) {
    const auto contents = ctx.contents(input);
    return contents && contents->size() == 1 ? contents->front() : ctx.unknown();
  };
  const Dim heads = table != nullptr ? (*table)[1] : ctx.unknown();
  Dims dims{1, heads, length(1), length(2)};
  ctx.set(0, ctx.dtype(0), std::move(dims));
}

// `ahead` is the position of the key less that of the query.
int64_t bucket(const RelativePositionBias& op, int64_t ahead, int64_t buckets) {
  int64_t first = 0;
  int64_t distance = -ahead;
  if (op.is_bidirectional) {
    buckets /= 2;
    if (ahead > 0) first = buckets;
    distance = std::abs(distance);
  }
  distance = std::max<int64_t>(0, distance);
  const int64_t exact = buckets / 2;
  if (distance < exact) return first + distance;
  const double span = std::log(static_cast<double>(op.max_distance) / static_cast<double>(exact));
  const double part = std::log(static_cast<double>(distance) / static_cast<double>(exact)) / span;
  const double place = part * static_cast<double>(buckets - exact);
  const int64_t last = buckets - 1;
  return first + (place < static_cast<double>(last - exact) ? exact + static_cast<int64_t>(place) : last);
}

void run_cpu(const RelativePositionBias& op, const Operands& io) {
  const Shape& table = io.in(0).shape();
  const int64_t queries = single_integer(io.in(1), "query_length"), keys = single_integer(io.in(2), "key_length");
  if (table.rank() != 2 || table[0] < 4 || op.max_distance <= table[0] / (op.is_bidirectional ? 4 : 2)) {
    throw_error(ErrorCode::InvalidArgument,
                {"bias_table ", io.in(0), " does not fit a max_distance of ", op.max_distance});
  }
  if (io.out(0).shape() != Shape{1, table[1], queries, keys}) {
    throw_error(ErrorCode::InvalidArgument, {"the lengths do not give ", io.out(0)});
  }
  if (io.out(0).elements() == 0) return;
  const int64_t distances = std::max<int64_t>(0, queries + keys - 1);
  int64_t* place = io.scratch<int64_t>(distances);  // bucket of `ahead` + queries - 1
  for (int64_t i = 0; i < distances; ++i) place[i] = bucket(op, i - (queries - 1), table[0]);
  visit_storage(io.in(0).dtype(), [&]<class T>() {
    const T* terms = io.in(0).data<T>();
    T* y = io.out(0).mutable_data<T>();
    for (int64_t h = 0; h < table[1]; ++h) {
      for (int64_t i = 0; i < queries; ++i) {
        for (int64_t j = 0; j < keys; ++j) *y++ = terms[h * table[0] + place[j - i + queries - 1]];
      }
    }
  });
}

}  // namespace

MICA_OP(RelativePositionBias, 1, com_microsoft) {
  return op<RelativePositionBias>()
      .input("bias_table", types::floats)
      .input("query_length", types::int64)
      .input("key_length", types::int64)
      .output("output")
      .required("max_distance", &RelativePositionBias::max_distance)
      .attribute("is_bidirectional", &RelativePositionBias::is_bidirectional)
      .prepare<prepare>()
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace mica
