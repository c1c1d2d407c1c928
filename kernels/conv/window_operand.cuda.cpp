#include "kernels/conv/window_operand.h"

namespace mica {

int32_t narrow_count(int64_t count) {
  constexpr int64_t kMost = INT32_MAX - 256;  // tiles reach beyond edges
  if (count > kMost) bad_input(std::to_string(count) + " positions, filters or taps are too many for the device");
  return static_cast<int32_t>(count);
}

void set_window(cuda::DeviceWindow& to, const WindowGeometry& g, int64_t batch, ImageLayout x, ImageLayout y) {
  constexpr size_t kAxes = cuda::DeviceWindow::kAxes;
  if (g.rank > kAxes) bad_input("the window has " + std::to_string(g.rank) + " axes");
  to.rank = static_cast<int>(g.rank);
  int64_t step = x.last ? x.channels : 1;
  for (size_t i = g.rank; i-- > 0;) {
    const WindowAxis& from = g.axes[i];
    cuda::DeviceAxis& axis = to.axes[kAxes - g.rank + i];
    axis = {
        narrow_count(from.input),    narrow_count(from.output), narrow_count(from.kernel),  narrow_count(from.stride),
        narrow_count(from.dilation), narrow_count(from.pad),    narrow_count(from.pad_end), step,
        divisor_of(from.output),     divisor_of(from.kernel)};
    narrow_count(from.output * from.stride + from.kernel * from.dilation + from.pad + from.input);
    step *= from.input;
  }
  narrow_count(batch * g.outputs());
  to.outputs = narrow_count(g.outputs());
  to.taps = narrow_count(g.taps());
  to.by_outputs = divisor_of(to.outputs);
  to.by_taps = divisor_of(to.taps);
  to.x_batch = x.channels * g.inputs();
  to.x_channel = x.last ? 1 : g.inputs();
  to.y_batch = y.channels * g.outputs();
  to.y_channel = y.last ? 1 : g.outputs();
  to.y_step = y.last ? y.channels : 1;
}

DeviceKernel::Accepts takes_windows(DTypeSet types) {
  return [types](const void* params, std::span<const ValueType> inputs) -> std::string {
    if (!inputs[0].dims) return "needs to know the rank of the input";
    if (inputs[0].dims->size() > 2 + cuda::DeviceWindow::kAxes) return "takes up to three spatial axes";
    return takes_only(types)(params, inputs);
  };
}

}  // namespace mica
