// Walks over the windows of tensors [N, spatial..., C] of one or two spatial axes.
#pragma once

#include "backends/cpu/thread_pool.h"
#include "kernels/conv/window.h"
#include "kernels/conv/window_simd.h"

namespace mica {

/// Lines are what lies along the last spatial axis. The line of the input that line `tap` of the taps sees for output
/// line `line`; -1 when it lies outside.
inline int64_t input_line(const WindowGeometry& g, int64_t line, int64_t tap) {
  if (g.rank == 1) return 0;
  const int64_t place = g.axes[0].start(line) + tap * g.axes[0].dilation;
  return place >= 0 && place < g.axes[0].input ? place : -1;
}

/// Outputs side by side in a line whose windows have the same taps inside the input.
struct WindowRun {
  int64_t image, line, column;  ///< of the first output
  int64_t count;
  Range lines, columns;  ///< of taps inside the input
};

/// Calls body(WindowRun) for all outputs of `batch` images, from several threads where `channels` make it worthwhile.
template <class Body>
void for_each_window_run(ThreadPool& threads, const WindowGeometry& g, int64_t batch, int64_t channels, Body&& body) {
  const WindowAxis& axis = g.axes[g.rank - 1];
  const int64_t lines = g.outputs() / std::max<int64_t>(axis.output, 1);
  const int64_t work = axis.output * channels * g.taps();
  threads.parallel_for(batch * lines, 64 * 1024 / std::max<int64_t>(work, 1) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t line = i % lines;
      const Range tap_lines = g.rank == 1 ? Range{0, 1} : g.axes[0].taps(g.axes[0].start(line));
      for (int64_t o = 0; o < axis.output;) {
        const Range columns = axis.taps(axis.start(o));
        int64_t count = 1;
        if (columns.size() == axis.kernel) {
          count = std::max<int64_t>(1, axis.outputs_of(axis.kernel - 1).end - o);
        }
        body(WindowRun{i / lines, line, o, count, tap_lines, columns});
        o += count;
      }
    }
  });
}

/// What a run reads and writes, of all channels.
inline WindowCall window_call(const WindowGeometry& g, const WindowRun& run, int64_t channels, const float* x,
                              float* y) {
  const WindowAxis& axis = g.axes[g.rank - 1];
  const int64_t step = g.rank == 1 ? 0 : g.axes[0].dilation;
  const int64_t first_line = g.rank == 1 ? 0 : g.axes[0].start(run.line) + run.lines.begin * step;
  const int64_t first_column = axis.start(run.column) + run.columns.begin * axis.dilation;
  WindowCall call{};
  call.rows = run.lines.size();
  call.columns = run.columns.size();
  call.x = x;
  if (call.rows > 0 && call.columns > 0) {
    call.x += (run.image * g.inputs() + first_line * axis.input + first_column) * channels;
  } else {
    call.rows = 0;
  }
  call.x_row = step * axis.input * channels;
  call.x_column = axis.dilation * channels;
  call.x_step = axis.stride * channels;
  call.y = y + (run.image * g.outputs() + run.line * axis.output + run.column) * channels;
  call.y_step = channels;
  call.outputs = run.count;
  call.channels = channels;
  call.factor = 1;
  return call;
}

}  // namespace mica
