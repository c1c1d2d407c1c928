#include "backends/cuda/cublas_lt.h"

#include <cublasLt.h>

#include <array>
#include <cstdlib>
#include <map>
#include <mutex>
#include <optional>
#include <string_view>

#include "backends/cuda/cuda_call.h"
#include "runtime/base/error.h"
#include "runtime/base/shared_library.h"

namespace mica {
namespace {

/// The functions of the library that are used.
struct Library {
  decltype(&cublasLtCreate) create = nullptr;
  decltype(&cublasLtMatmul) matmul = nullptr;
  decltype(&cublasLtMatmulAlgoGetHeuristic) find_algorithms = nullptr;
  decltype(&cublasLtMatmulDescInit_internal) init_product = nullptr;
  decltype(&cublasLtMatmulDescSetAttribute) set_product = nullptr;
  decltype(&cublasLtMatrixLayoutInit_internal) init_layout = nullptr;
  decltype(&cublasLtMatrixLayoutSetAttribute) set_layout = nullptr;
  decltype(&cublasLtMatmulPreferenceInit_internal) init_preference = nullptr;
  decltype(&cublasLtMatmulPreferenceSetAttribute) set_preference = nullptr;
  std::string absence;

  Library() {
    if (const char* wish = std::getenv("MICA_CUBLASLT"); wish != nullptr && std::string_view(wish) == "off") {
      absence = "cuBLASLt is switched off by MICA_CUBLASLT=off";
      return;
    }
    const std::string name = "libcublasLt.so." + std::to_string(CUBLAS_VER_MAJOR);
    const SharedLibrary library = SharedLibrary::load(name, "/usr/local/cuda/lib64");
    if (!library.loaded()) {
      absence = name + " is not there";
      return;
    }
    const auto find = [&](auto& function, const char* symbol) {
      function = reinterpret_cast<std::decay_t<decltype(function)>>(library.find(symbol));
      if (function == nullptr) absence = name + " has no " + symbol;
    };
    find(create, "cublasLtCreate");
    find(matmul, "cublasLtMatmul");
    find(find_algorithms, "cublasLtMatmulAlgoGetHeuristic");
    find(init_product, "cublasLtMatmulDescInit_internal");
    find(set_product, "cublasLtMatmulDescSetAttribute");
    find(init_layout, "cublasLtMatrixLayoutInit_internal");
    find(set_layout, "cublasLtMatrixLayoutSetAttribute");
    find(init_preference, "cublasLtMatmulPreferenceInit_internal");
    find(set_preference, "cublasLtMatmulPreferenceSetAttribute");
  }
};

const Library& library() {
  static const Library loaded;
  return loaded;
}

void check(cublasStatus_t status, const char* what) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  throw Error(ErrorCode::Internal, std::string("cuBLASLt cannot ") + what + ": status " + std::to_string(status));
}

cudaDataType_t type_of(DType dtype) {
  return dtype == DType::F32 ? CUDA_R_32F : dtype == DType::F16 ? CUDA_R_16F : CUDA_R_16BF;
}

cublasLtEpilogue_t epilogue_of(const LtProduct& p) {
  switch (p.activation) {
    case LtProduct::Activation::Relu:
      return p.bias != nullptr ? CUBLASLT_EPILOGUE_RELU_BIAS : CUBLASLT_EPILOGUE_RELU;
    case LtProduct::Activation::GeluTanh:
      return p.bias != nullptr ? CUBLASLT_EPILOGUE_GELU_BIAS : CUBLASLT_EPILOGUE_GELU;
    default:
      return p.bias != nullptr ? CUBLASLT_EPILOGUE_BIAS : CUBLASLT_EPILOGUE_DEFAULT;
  }
}

// The library counts columns first, where a row-major matrix is its own transpose: d' = b' * a'.
class Call {
 public:
  explicit Call(const LtProduct& p) {
    const Library& lt = library();
    const cublasComputeType_t type = p.tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
    check(lt.init_product(&product_, sizeof product_, type, CUDA_R_32F), "describe a product");
    const cublasOperation_t a_op = p.a.transposed ? CUBLAS_OP_T : CUBLAS_OP_N;
    const cublasOperation_t b_op = p.b.transposed ? CUBLAS_OP_T : CUBLAS_OP_N;
    set(CUBLASLT_MATMUL_DESC_TRANSA, b_op);
    set(CUBLASLT_MATMUL_DESC_TRANSB, a_op);
    set(CUBLASLT_MATMUL_DESC_EPILOGUE, epilogue_of(p));
    if (p.bias != nullptr) set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, p.bias);
    describe(b_, p, p.b.transposed ? p.k : p.n, p.b.transposed ? p.n : p.k, p.b.row, p.b.step);
    describe(a_, p, p.a.transposed ? p.m : p.k, p.a.transposed ? p.k : p.m, p.a.row, p.a.step);
    describe(d_, p, p.n, p.m, p.d_row, p.d_step);
  }

  std::optional<cublasLtMatmulAlgo_t> find_algorithm(cublasLtHandle_t handle) {
    const Library& lt = library();
    cublasLtMatmulPreferenceOpaque_t preference;
    check(lt.init_preference(&preference, sizeof preference), "describe a preference");
    const uint64_t workspace = kLtWorkspace;
    check(lt.set_preference(&preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &workspace, sizeof workspace),
          "limit the workspace");
    cublasLtMatmulHeuristicResult_t best;
    int found = 0;
    const cublasStatus_t status =
        lt.find_algorithms(handle, &product_, &b_, &a_, &d_, &d_, &preference, 1, &best, &found);
    if (status != CUBLAS_STATUS_SUCCESS || found == 0) return std::nullopt;
    return best.algo;
  }

  void run(cublasLtHandle_t handle, const LtProduct& p, const cublasLtMatmulAlgo_t& algorithm, void* workspace,
           void* stream) {
    const float beta = p.c != nullptr ? p.beta : 0;
    check(library().matmul(handle, &product_, &p.alpha, p.b.data, &b_, p.a.data, &a_, &beta, p.c != nullptr ? p.c : p.d,
                           &d_, p.d, &d_, &algorithm, workspace, kLtWorkspace, static_cast<cudaStream_t>(stream)),
          "multiply");
  }

 private:
  template <class T>
  void set(cublasLtMatmulDescAttributes_t attribute, const T& value) {
    check(library().set_product(&product_, attribute, &value, sizeof value), "describe a product");
  }

  static void describe(cublasLtMatrixLayoutOpaque_t& layout, const LtProduct& p, int64_t rows, int64_t columns,
                       int64_t distance, int64_t step) {
    const Library& lt = library();
    check(lt.init_layout(&layout, sizeof layout, type_of(p.dtype), static_cast<uint64_t>(rows),
                         static_cast<uint64_t>(columns), distance),
          "describe a matrix");
    if (p.batch == 1) return;
    const int32_t batch = static_cast<int32_t>(p.batch);
    check(lt.set_layout(&layout, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &batch, sizeof batch), "describe a batch");
    check(lt.set_layout(&layout, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &step, sizeof step), "describe a batch");
  }

  cublasLtMatmulDescOpaque_t product_;
  cublasLtMatrixLayoutOpaque_t a_, b_, d_;
};

/// All that the choice of an algorithm may depend on.
using Kind = std::array<int64_t, 16>;

int64_t alignment(const void* address) {
  return static_cast<int64_t>(reinterpret_cast<uintptr_t>(address) & 255);
}

Kind kind_of(const LtProduct& p) {
  return {static_cast<int64_t>(p.dtype) << 8 | static_cast<int64_t>(epilogue_of(p)),
          (p.a.transposed ? 1 : 0) | (p.b.transposed ? 2 : 0) | (p.c != nullptr ? 4 : 0) | (p.tf32 ? 8 : 0),
          p.m,
          p.n,
          p.k,
          p.a.row,
          p.b.row,
          p.d_row,
          p.batch,
          p.a.step,
          p.b.step,
          p.d_step,
          alignment(p.a.data),
          alignment(p.b.data),
          alignment(p.d),
          alignment(p.bias)};
}

/// The library on one device.
struct Context {
  cublasLtHandle_t handle = nullptr;
  std::map<Kind, std::optional<cublasLtMatmulAlgo_t>> algorithms;

  Context() { check(library().create(&handle), "start"); }
};

}  // namespace

std::string cublas_lt_absence() {
  return library().absence;
}

bool cublas_lt_multiply(const LtProduct& product, void* workspace, void* stream) {
  static std::mutex mutex;
  static std::map<int, Context> contexts;
  int device = 0;
  check_cuda(cudaGetDevice(&device), "tell the device");
  Call call(product);
  std::optional<cublasLtMatmulAlgo_t> algorithm;
  cublasLtHandle_t handle = nullptr;
  {
    const std::lock_guard lock(mutex);
    Context& context = contexts[device];
    handle = context.handle;
    const auto [entry, is_new] = context.algorithms.try_emplace(kind_of(product));
    if (is_new) entry->second = call.find_algorithm(handle);
    algorithm = entry->second;
  }
  if (!algorithm) return false;
  call.run(handle, product, *algorithm, workspace, stream);
  return true;
}

}  // namespace mica
