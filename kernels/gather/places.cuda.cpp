// GatherElements, GatherND, the Scatter operators and OneHot on CUDA devices.
#include <limits>

#include "kernels/cuda/operand.h"
#include "kernels/device_kernel.h"
#include "kernels/gather/gather.h"
#include "kernels/gather/places_cuda.h"
#include "kernels/gather/scatter.h"
#include "kernels/shape/copy_operand.h"

namespace mica {
namespace {

constexpr DTypeSet kWholeBytes = types::any - types::string - types::sub_byte;

cuda::Indices indices_of(const Tensor& indices) {
  return {indices.raw(), indices.dtype() == DType::I64};
}

// Of elements of `data` that `indices` name along an axis. `data` has no smaller dims besides.
cuda::IndexedPlaces places_along_axis(int64_t axis, const Tensor& data, const Tensor& indices) {
  const Shape &from = data.shape(), &shape = indices.shape();
  const size_t rank = from.rank(), along = normalize_axis(axis, rank);
  bool fits = rank == shape.rank();
  for (size_t i = 0; fits && i < rank; ++i) fits = i == along || shape[i] <= from[i];
  if (!fits) bad_input("indices " + indices.str() + " do not fit data " + data.str());
  const auto strides = from.strides();
  cuda::IndexedPlaces places{indices_of(indices), 1, {from[along]}, {strides[along]}, {}};
  for (size_t i = rank; i-- > 0;) places.start.add(shape[i], {{i == along ? 0 : strides[i]}});
  return places;
}

// Of slices that the rows of `indices` name by the axes from `batch` on, as many as a row has elements.
cuda::IndexedPlaces places_of_rows(size_t batch, const Tensor& data, const Tensor& indices) {
  static_assert(cuda::IndexedPlaces::kMostAxes >= Shape::kMaxRank);
  const Shape &from = data.shape(), &by = indices.shape();
  bool fits = batch < by.rank() && batch <= from.rank();
  for (size_t i = 0; fits && i < batch; ++i) fits = from[i] == by[i];
  if (!fits || by.back() > static_cast<int64_t>(from.rank() - batch)) {
    bad_input("indices " + indices.str() + " do not fit data " + data.str());
  }
  cuda::IndexedPlaces places;
  places.indices = indices_of(indices);
  places.depth = static_cast<int>(by.back());
  const size_t end = batch + static_cast<size_t>(by.back());
  for (size_t i = batch; i < end; ++i) {
    places.counts[i - batch] = from[i];
    places.steps[i - batch] = from.elements(i + 1, end);
  }
  places.start.add(by.elements(batch, by.rank() - 1), {{0}});
  places.start.add(by.elements(0, batch), {{from.elements(batch, end)}});
  return places;
}

void run_gather_elements(const Gather& op, const DeviceOperands& io) {
  const Tensor &data = io.in(0), &indices = io.in(1);
  Tensor& y = io.out(0);
  if (y.shape() != indices.shape()) bad_input("indices " + indices.str() + " do not fit " + y.str());
  cuda::launch_gather_places({places_along_axis(op.axis, data, indices), data.raw(), y.mutable_raw(), y.elements(), 1,
                              bit_width(data.dtype()) / 8, io.fault()},
                             io.stream());
}

void run_gather_nd(const GatherNd& op, const DeviceOperands& io) {
  const Tensor &data = io.in(0), &indices = io.in(1);
  const Shape& by = indices.shape();
  const size_t batch = static_cast<size_t>(op.batch_dims);
  cuda::IndexedPlaces places = places_of_rows(batch, data, indices);
  const int64_t slice = data.shape().elements(batch + static_cast<size_t>(by.back()), data.shape().rank());
  const int64_t rows = by.elements(0, by.rank() - 1);
  if (io.out(0).elements() != rows * slice)
    bad_input("gathering from " + data.str() + " does not fit " + io.out(0).str());
  for (int k = 0; k < places.depth; ++k) places.steps[k] *= slice;
  for (int axis = 0; axis < places.start.rank; ++axis) places.start.steps[axis].of[0] *= slice;
  cuda::launch_gather_places(
      {places, data.raw(), io.out(0).mutable_raw(), rows, slice, bit_width(data.dtype()) / 8, io.fault()}, io.stream());
}

void scatter(const Scatter& op, const DeviceOperands& io, const cuda::IndexedPlaces& places, int64_t count,
             int64_t slice) {
  const Tensor &data = io.in(0), &updates = io.in(2);
  Tensor& y = io.out(0);
  if (updates.elements() != count * slice || updates.dtype() != data.dtype()) {
    bad_input("updates " + updates.str() + " do not fit indices " + io.in(1).str() + " into " + data.str());
  }
  if (count > std::numeric_limits<int32_t>::max()) bad_input(std::to_string(count) + " updates are too many");
  if (data.raw() != y.raw()) copy_on_device(data, y, io.stream());
  cuda::ScatterCall call{};
  call.places = places;
  call.number = number_of(y.dtype());
  call.combination = static_cast<cuda::Combination>(op.reduction);
  call.updates = updates.raw();
  call.to = y.mutable_raw();
  call.count = count;
  call.slice = slice;
  call.slices = slice == 0 ? 0 : y.elements() / slice;
  call.width = bit_width(y.dtype()) / 8;
  call.found = io.scratch<int64_t>(count);
  call.first = io.scratch<int32_t>(2 * call.slices);
  call.fault = io.fault();
  launch_scatter(call, io.stream());
}

void run_scatter_elements(const Scatter& op, const DeviceOperands& io) {
  scatter(op, io, places_along_axis(op.axis, io.in(0), io.in(1)), io.in(1).elements(), 1);
}

void run_scatter_nd(const Scatter& op, const DeviceOperands& io) {
  const Shape &by = io.in(1).shape(), &shape = io.in(0).shape();
  const cuda::IndexedPlaces places = places_of_rows(0, io.in(0), io.in(1));
  scatter(op, io, places, by.elements(0, by.rank() - 1), shape.elements(static_cast<size_t>(by.back()), shape.rank()));
}

std::string refuse_scatter(const void* params, std::span<const ValueType> inputs) {
  const bool combines = static_cast<const Scatter*>(params)->reduction != ScatterReduction::None;
  const DTypeSet combined = types::floats | (types::ints - DTypeSet{DType::U64});
  return takes_only(combines ? combined : kWholeBytes, 1)(params, inputs);
}

void run_one_hot(const OneHot& op, const DeviceOperands& io) {
  const Tensor& indices = io.in(0);
  const Shape& y = io.out(0).shape();
  const size_t axis = normalize_axis(op.axis, y.rank());
  if (io.in(2).elements() != 2 || indices.elements() * y[axis] != y.elements()) {
    bad_input("values must be two and indices fit the output: " + io.in(2).str() + ", " + indices.str());
  }
  cuda::launch_one_hot({indices.raw(), number_of(indices.dtype()), io.in(2).raw(), io.out(0).mutable_raw(),
                        bit_width(io.out(0).dtype()) / 8, y.elements(0, axis), y[axis], y.elements(axis + 1, y.rank())},
                       io.stream());
}

std::string refuse_one_hot(const void* params, std::span<const ValueType> inputs) {
  const std::string why = takes_only(types::floats | (types::ints - DTypeSet{DType::U64}), 1)(params, inputs);
  return why.empty() ? takes_only(kWholeBytes, 0b100)(params, inputs) : why;
}

}  // namespace

void cuda_kernels_places(DeviceKernelTable& table) {
  constexpr auto kAllVersions = DeviceKernelTable::kAllVersions;
  constexpr std::string_view kName = "elements";
  const auto takes_bytes = takes_only(kWholeBytes, 1);
  table.add("GatherElements", kAllVersions, device_kernel<Gather>(kName, run_gather_elements, takes_bytes));
  table.add("GatherND", kAllVersions, device_kernel<GatherNd>(kName, run_gather_nd, takes_bytes));
  const DeviceKernel elements = device_kernel<Scatter>(kName, run_scatter_elements, refuse_scatter);
  table.add("ScatterElements", kAllVersions, elements);
  table.add("Scatter", kAllVersions, elements);
  table.add("ScatterND", kAllVersions, device_kernel<Scatter>(kName, run_scatter_nd, refuse_scatter));
  table.add("OneHot", kAllVersions, device_kernel<OneHot>(kName, run_one_hot, refuse_one_hot, 0b10));
}

}  // namespace mica
