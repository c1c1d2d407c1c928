// Convolutions of floats, exact to the rounding of float.
#include "kernels/conv/conv_tile.cuh"
#include "kernels/matmul/gemm_epilogue.cuh"

namespace mica::cuda {
namespace {

template <class T>
struct Floats {
  using Call = ConvCall;
  using W = Wide<T>;
  static constexpr bool kSmallTiles = sizeof(T) == sizeof(float);

  __device__ static W x(const Call& call, int64_t place) { return widen(static_cast<const T*>(call.x)[place]); }
  __device__ static W w(const Call& call, int64_t place, int32_t) {
    return widen(static_cast<const T*>(call.w)[place]);
  }
  // Not inlined: a thread stores 16 of them.
  __device__ __noinline__ static void store(const Call& call, int64_t place, int32_t filter, W sum) {
    if (call.bias != nullptr) sum += widen(static_cast<const T*>(call.bias)[filter]);
    if (call.addend != nullptr) sum += widen(static_cast<const T*>(call.addend)[place]);
    static_cast<T*>(call.y)[place] = narrow<T>(activate(call.activation, W(call.low), W(call.high), sum));
  }
};

// Each element of the gradient by one thread: what sees it, tap by tap.
template <class T>
__global__ void conv_transpose_kernel(const __grid_constant__ ConvCall call) {
  using W = Wide<T>;
  const T* x = static_cast<const T*>(call.x);
  const T* weights = static_cast<const T*>(call.w);
  const DeviceAxis* axes = call.axes;
  const int64_t plane = static_cast<int64_t>(axes[0].input) * axes[1].input * axes[2].input;
  const int64_t filters = call.all_filters();
  for (int64_t i = first_element(); i < call.batch * filters * plane; i += element_stride()) {
    // Number i in the order in which the elements lie.
    const int64_t image = i / (filters * plane), rest = i - image * filters * plane;
    const bool last = call.x_channel == 1;
    const int64_t filter = last ? rest % filters : rest / plane, position = last ? rest / filters : rest % plane;
    const int32_t p[] = {static_cast<int32_t>(position / axes[2].input / axes[1].input),
                         static_cast<int32_t>(position / axes[2].input % axes[1].input),
                         static_cast<int32_t>(position % axes[2].input)};
    const int64_t first = filter / call.filters * call.channels;
    W sum = 0;
    for (int32_t tap = 0; tap < call.taps; ++tap) {
      const DeviceWindow::Place distance = call.tap_at(static_cast<uint32_t>(tap));
      int64_t output = 0;
      bool seen = true;
      for (int a = 0; a < DeviceWindow::kAxes; ++a) {
        const int32_t start = p[a] + axes[a].pad - distance.of[a];  // of the window that sees p by this tap
        const int32_t o = start / axes[a].stride;
        seen = seen && start >= 0 && o < axes[a].output && o * axes[a].stride == start;
        output = output * axes[a].output + o;
      }
      if (!seen) continue;
      const int64_t from = image * call.y_batch + output * call.y_step;
      for (int64_t c = first; c < first + call.channels; ++c) {
        sum += widen(x[from + c * call.y_channel]) *
               widen(weights[(c * call.filters + filter % call.filters) * call.taps + tap]);
      }
    }
    if (call.bias != nullptr) sum += widen(static_cast<const T*>(call.bias)[filter]);
    static_cast<T*>(call.y)[i] = narrow<T>(sum);
  }
}

}  // namespace

void launch_conv(const ConvCall& call, void* stream) {
  visit_float(call.number, [&]<class T>() { launch_conv_of<Floats<T>>(call, stream); });
}

void launch_conv_transpose(const ConvCall& call, void* stream) {
  const int64_t elements =
      int64_t{1} * call.batch * call.all_filters() * call.axes[0].input * call.axes[1].input * call.axes[2].input;
  if (elements == 0) return;
  visit_float(call.number, [&]<class T>() { launch(conv_transpose_kernel<T>, over_elements(elements), stream, call); });
}

}  // namespace mica::cuda
