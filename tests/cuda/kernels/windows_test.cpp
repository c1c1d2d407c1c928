// Convolutions, poolings, resampling and padding, of odd sizes and in both layouts.
#include <gtest/gtest.h>

#include "tests/cuda/kernels/cases.h"

namespace mica {
namespace {

std::vector<DeviceCase> all_convolutions() {
  Cases cases(2e-5);
  // Channels before the axes: by taps of tiles, with partial tiles and steps.
  cases.add("one_axis", "x: float[2,5,19], w: float[7,5,3], b: float[7]",
            "y = Conv(x, w, b) {pads=[1,2], strides=[2]}");
  cases.add("image", "x: float[2,3,13,17], w: float[37,3,3,3], b: float[37]",
            "y = Conv(x, w, b) {pads=[1,1,1,1], strides=[2,1]}");
  cases.add("large_tiles", "x: float[3,6,61,67], w: float[70,6,3,3]", "y = Conv(x, w) {pads=[1,1,1,1]}");
  cases.add("volume", "x: float[1,2,5,6,7], w: float[4,2,2,3,2], b: float[4]",
            "y = Conv(x, w, b) {dilations=[2,1,2], pads=[1,0,1,0,1,1]}");
  cases.add("same_lower", "x: float[1,2,6,7], w: float[3,2,4,2]",
            "y = Conv(x, w) {auto_pad=\"SAME_LOWER\", strides=[2,2]}");
  cases.add("depthwise", "x: float[2,6,9,8], w: float[6,1,3,3], b: float[6]",
            "y = Conv(x, w, b) {group=6, pads=[1,1,1,1]}");
  cases.add("multiplied_depthwise", "x: float[2,3,9,8], w: float[6,1,3,3]", "y = Conv(x, w) {group=3}");
  cases.add("large_groups", "x: float[2,8,9,8], w: float[40,4,3,3]", "y = Conv(x, w) {group=2}");
  cases.add("small_groups", "x: float[2,8,9,8], w: float[12,4,3,3]", "y = Conv(x, w) {group=2}");
  cases.add("half", "x: float16[2,20,9,8], w: float16[70,20,3,3], b: float16[70]", "y = Conv(x, w, b)", 4e-3);
  cases.add("brain", "x: bfloat16[2,20,9,8], w: bfloat16[7,20,3,3]", "y = Conv(x, w)", 3e-2);
  cases.add("double", "x: double[2,4,9,8], w: double[7,4,3,3], b: double[7]", "y = Conv(x, w, b)", 1e-12);
  cases.add("no_images", "x: float[0,3,9,8], w: float[7,3,3,3]", "y = Conv(x, w)");
  cases.add("no_channels", "x: float[2,0,9,8], w: float[7,0,3,3], b: float[7]", "y = Conv(x, w, b)");
  const std::string last = "channels_last=1";
  cases.add("last_chunks", "x: float[2,9,8,32], w: float[21,32,3,3], b: float[21]",
            "y = mica.ConvLayer(x, w, b) {" + last + ", pads=[1,1,1,1], activation=\"relu\"}");
  cases.add("last_partial_chunk", "x: float[2,9,8,27], w: float[21,27,3,2], b: float[21]",
            "y = mica.ConvLayer(x, w, b) {" + last + ", strides=[1,2], dilations=[2,1], activation=\"silu\"}");
  cases.add("last_taps", "x: float[2,9,8,5], w: float[21,5,3,3]", "y = mica.ConvLayer(x, w) {" + last + "}");
  cases.add("last_large_tiles", "x: float[3,61,67,16], w: float[70,16,1,1], b: float[70]",
            "y = mica.ConvLayer(x, w, b) {" + last + "}");
  cases.add("last_product", "x: float[2,9,8,27], w: float[40,27,1,1], b: float[40], r: float[2,9,8,40]",
            "y = mica.ConvLayer(x, w, b, r) {" + last + ", activation=\"hard_swish\"}");
  cases.add("product", "x: float[3,27,9,8], w: float[40,27,1,1], b: float[40]", "y = Conv(x, w, b)");
  cases.add("last_from_first", "x: float[2,3,11,9], w: float[21,3,3,3], b: float[21]",
            "y = mica.ConvLayer(x, w, b) {" + last + ", x_channels_first=1, pads=[1,1,1,1], strides=[2,2]}");
  cases.add("last_residual", "x: float[2,9,8,6], w: float[6,6,3,3], b: float[6], r: float[2,9,8,6]",
            "y = mica.ConvLayer(x, w, b, r) {" + last + ", pads=[1,1,1,1], activation=\"hard_swish\"}");
  cases.add(
      "last_depthwise", "x: float[2,9,8,35], w: float[35,1,3,3], b: float[35]",
      "y = mica.ConvLayer(x, w, b) {" + last + ", group=35, pads=[1,1,1,1], activation=\"clip\", low=0.0, high=1.0}");
  cases.add("last_groups", "x: float[2,9,8,34], w: float[40,17,3,3]",
            "y = mica.ConvLayer(x, w) {" + last + ", group=2}");
  cases.add("last_one_axis", "x: float[2,19,24], w: float[7,24,3], b: float[7]",
            "y = mica.ConvLayer(x, w, b) {" + last + ", pads=[1,1]}");
  cases.add("first_layer", "x: float[2,5,9,8], w: float[7,5,3,3], r: float[2,7,7,6]",
            "y = mica.ConvLayer(x, w, _, r) {activation=\"gelu\"}");
  cases.add("transposed", "x: float[2,5,6,7], w: float[5,4,3,2], b: float[4]",
            "y = ConvTranspose(x, w, b) {strides=[2,3], pads=[1,0,0,1], output_padding=[1,0]}");
  cases.add("transposed_groups", "x: float[2,6,9], w: float[6,2,4]",
            "y = ConvTranspose(x, w) {group=3, dilations=[2], strides=[2]}");
  cases.add("transposed_same", "x: float16[1,3,4,5], w: float16[3,2,3,3]",
            "y = ConvTranspose(x, w) {auto_pad=\"SAME_UPPER\", strides=[2,2]}", 4e-3);
  cases.add("transposed_volume", "x: float[1,2,3,4,5], w: float[2,3,2,2,2]",
            "y = ConvTranspose(x, w) {strides=[1,2,1]}");
  cases.add("transposed_last", "x: float[2,5,6,9], w: float[9,4,2,3], b: float[4]",
            "y = mica.ChannelsLastConvTranspose(x, w, b)");
  return cases.all();
}

// With constant weights; those of floats in plans for bfloat16.
std::vector<DeviceCase> all_on_tensor_cores() {
  Cases cases;
  const std::string half = Cases::constant("w", "float16[70,20,3,3]", 70 * 20 * 9);
  cases.add_for(Precision::Float32, "mma", "half", "x: float16[2,20,9,8], b: float16[70]",
                half + "y = Conv(x, w, b) {pads=[1,0,1,1]}", 2e-2);
  const std::string brain = Cases::constant("w", "bfloat16[7,20,3,3]", 7 * 20 * 9);
  cases.add_for(Precision::Float32, "mma", "brain", "x: bfloat16[2,20,9,8]", brain + "y = Conv(x, w)", 1e-1);
  const std::string product = Cases::constant("w", "float16[30,24,1,1]", 30 * 24);
  cases.add_for(Precision::Float32, "mma", "half_product", "x: float16[3,24,9,7], b: float16[30]",
                product + "y = Conv(x, w, b)", 2e-2);
  const std::string depthwise = Cases::constant("w", "float16[6,1,3,3]", 54);
  cases.add_for(Precision::Float32, "windows", "depthwise", "x: float16[2,6,9,8]",
                depthwise + "y = Conv(x, w) {group=6}", 1e-2);
  const auto in_brain = [&](const std::string& name, const std::string& inputs, const std::string& body) {
    cases.add_for(Precision::BFloat16, "bf16", name, inputs, body, 1e-1);
  };
  const std::string image = Cases::constant("w", "float[37,3,3,3]", 37 * 27);
  in_brain("image", "x: float[2,3,13,17], b: float[37]", image + "y = Conv(x, w, b) {pads=[1,1,1,1], strides=[2,1]}");
  const std::string volume = Cases::constant("w", "float[4,2,2,3,2]", 4 * 24);
  in_brain("volume", "x: float[1,2,5,6,7], b: float[4]", volume + "y = Conv(x, w, b) {pads=[1,0,1,0,1,1]}");
  const std::string groups = Cases::constant("w", "float[40,4,3,3]", 40 * 36);
  in_brain("groups", "x: float[2,8,9,8]", groups + "y = Conv(x, w) {group=2}");
  const std::string last = Cases::constant("w", "float[21,32,3,3]", 21 * 32 * 9);
  in_brain("last", "x: float[2,9,8,32], b: float[21], r: float[2,9,8,21]",
           last + "y = mica.ConvLayer(x, w, b, r) {channels_last=1, pads=[1,1,1,1], activation=\"relu\"}");
  const std::string from_first = Cases::constant("w", "float[21,3,3,3]", 21 * 27);
  in_brain("last_from_first", "x: float[2,3,11,9], b: float[21]",
           from_first +
               "y = mica.ConvLayer(x, w, b) {channels_last=1, x_channels_first=1, strides=[2,2], "
               "activation=\"silu\"}");
  const std::string pointwise = Cases::constant("w", "float[40,27,1,1]", 40 * 27);
  in_brain("last_product", "x: float[2,9,8,27], b: float[40], r: float[2,9,8,40]",
           pointwise + "y = mica.ConvLayer(x, w, b, r) {channels_last=1, activation=\"hard_swish\"}");
  in_brain("first_product", "x: float[2,27,9,8], b: float[40]", pointwise + "y = Conv(x, w, b)");
  cases.add_for(Precision::TensorFloat, "tf32", "tf32", "x: float[2,9,8,32], b: float[21], r: float[2,9,8,21]",
                last + "y = mica.ConvLayer(x, w, b, r) {channels_last=1, pads=[1,1,1,1], activation=\"relu\"}", 1e-2);
  cases.add_for(Precision::TensorFloat, "tf32", "tf32_product", "x: float[2,27,9,8], b: float[40]",
                pointwise + "y = Conv(x, w, b)", 1e-2);
  in_brain("first_product_residual", "x: float[2,27,9,8], r: float[2,40,9,8]",
           pointwise + "y = mica.ConvLayer(x, w, _, r) {activation=\"gelu\"}");
  return cases.all();
}

std::vector<DeviceCase> all_poolings() {
  Cases cases(2e-5);
  const std::string window = "kernel_shape=[3,2], strides=[2,1], pads=[1,0,1,1]";
  for (const char* type : {"float", "float16", "bfloat16", "double", "int8", "uint8"}) {
    const std::string t = type;
    cases.add("max_" + t, "x: " + t + "[2,3,9,8]", "y = MaxPool(x) {" + window + "}", 0);
  }
  cases.add("max_indices", "x: float[2,3,9,8]", "y, i = MaxPool(x) {" + window + "}", 0, "y, i");
  cases.add("max_columns", "x: float[2,3,9,8]", "y, i = MaxPool(x) {" + window + ", storage_order=1}", 0, "y, i");
  cases.add("max_ceil", "x: float[2,3,9]", "y = MaxPool(x) {kernel_shape=[2], strides=[2], ceil_mode=1}", 0);
  cases.add("max_volume", "x: float[1,2,5,6,7]", "y = MaxPool(x) {kernel_shape=[2,3,2], dilations=[2,1,3]}", 0);
  for (const char* type : {"float", "float16", "bfloat16", "double"}) {
    const std::string t = type;
    const double tolerance = t == "float16" ? 2e-3 : t == "bfloat16" ? 1.6e-2 : 4e-6;
    cases.add("average_" + t, "x: " + t + "[2,3,9,8]", "y = AveragePool(x) {" + window + "}", tolerance);
    cases.add("global_" + t, "x: " + t + "[2,3,9,8]", "y = GlobalAveragePool(x)  z = GlobalMaxPool(x)", tolerance,
              "y, z");
  }
  cases.add("average_padding", "x: float[2,3,9,8]", "y = AveragePool(x) {" + window + ", count_include_pad=1}");
  cases.add("average_ceil", "x: float[1,2,9,9]",
            "y = AveragePool(x) {kernel_shape=[3,3], strides=[2,2], pads=[1,1,1,1], ceil_mode=1, count_include_pad=1}");
  cases.add("max_last", "x: float[2,9,8,7]", "y = mica.ChannelsLastMaxPool(x) {" + window + "}", 0);
  cases.add("average_last", "x: float[2,9,8,7]", "y = mica.ChannelsLastAveragePool(x) {" + window + "}");
  cases.add("average_last_padding", "x: float[2,9,7]",
            "y = mica.ChannelsLastAveragePool(x) {kernel_shape=[4], pads=[2,3], count_include_pad=1}");
  cases.add("no_images", "x: float[0,3,9,8]", "y = MaxPool(x) {" + window + "}");
  return cases.all();
}

std::vector<DeviceCase> all_resamplings() {
  Cases cases(2e-5);
  const auto add = [&](const std::string& name, const std::string& type, const std::string& attributes,
                       double tolerance = 4e-6) {
    cases.add(name, "x: " + type + "[2,3,5,7]",
              "y = Resize(x, _, float[4] [1,1,1.7,0.6]) {" + attributes +
                  "}  z = Resize(x, _, _, int64[4] [2,3,4,15]) {" + attributes + "}",
              tolerance, "y, z");
  };
  for (const char* type : {"float", "float16", "double", "int8", "bool", "int64"}) {
    add(std::string("nearest_") + type, type, "mode=\"nearest\"", 0);
  }
  for (const char* mode : {"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric"}) {
    for (const char* rounding : {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"}) {
      add(std::string("nearest_") + mode + "_" + rounding, "float",
          std::string("coordinate_transformation_mode=\"") + mode + "\", nearest_mode=\"" + rounding + "\"", 0);
    }
    add(std::string("linear_") + mode, "float",
        std::string("mode=\"linear\", coordinate_transformation_mode=\"") + mode + "\"");
    add(std::string("cubic_") + mode, "float",
        std::string("mode=\"cubic\", exclude_outside=1, coordinate_transformation_mode=\"") + mode + "\"", 2e-5);
  }
  add("linear_antialias", "float", "mode=\"linear\", antialias=1");
  add("cubic_antialias", "double", "mode=\"cubic\", antialias=1", 1e-6);
  add("linear_half", "float16", "mode=\"linear\"", 2e-3);
  add("linear_brain", "bfloat16", "mode=\"linear\"", 1.6e-2);
  add("linear_bytes", "uint8", "mode=\"linear\"", 0);
  add("cubic_signed_bytes", "int8", "mode=\"cubic\"", 0);
  cases.add("cropped", "x: float[1,1,5,7]",
            "y = Resize(x, float[8] [0,0,0.3,-0.2,1,1,0.9,1.1], _, int64[4] [1,1,4,6]) "
            "{mode=\"linear\", coordinate_transformation_mode=\"tf_crop_and_resize\", extrapolation_value=7.5}",
            4e-6);
  cases.add("some_axes", "x: float[4,5,6]", "y = Resize(x, _, float[1] [2.5]) {axes=[1]}", 0);
  cases.add("empty", "x: float[0,5,6]", "y = Resize(x, _, float[3] [1,2,2]) {mode=\"linear\"}");
  return cases.all();
}

std::vector<DeviceCase> all_paddings() {
  Cases cases(2e-5);
  for (const char* type : {"float", "float16", "double", "int8", "bool"}) {
    const std::string t = type;
    for (const char* mode : {"constant", "reflect", "edge", "wrap"}) {
      cases.add(t + "_" + mode, "x: " + t + "[3,4,5]",
                "y = Pad(x, int64[6] [1,-1,4,2,3,0]) {mode=\"" + std::string(mode) + "\"}", 0);
    }
  }
  cases.add("value", "x: float[3,5]", "y = Pad(x, int64[4] [1,0,2,3], float[] 2.5)", 0);
  cases.add("half_value", "x: float16[3,5]", "y = Pad(x, int64[4] [1,0,2,3], float16[] -2.5)", 0);
  cases.add("axes", "x: float[3,4,5]", "y = Pad(x, int64[2] [1,2], _, int64[1] [-2])", 0);
  cases.add("nothing", "x: float[0,5]", "y = Pad(x, int64[4] [1,1,1,1], float[] 3.0)", 0);
  cases.add("scalar", "x: float[]", "y = Pad(x, int64[0] [])", 0);
  return cases.all();
}

std::vector<DeviceCase> all_channel_norms() {
  Cases cases(2e-5);
  for (const char* type : {"float", "float16", "bfloat16", "double"}) {
    const std::string t = type;
    const double tolerance = t == "float16" ? 4e-3 : t == "bfloat16" ? 3e-2 : 1e-5;
    const auto numbers = [&](const char* count) {
      return ", s: " + t + "[" + count + "], b: " + t + "[" + count + "]";
    };
    cases.add("batch_" + t, "x: " + t + "[2,6,5,7]" + numbers("6") + ", m: " + t + "[6], v: " + t + "[6]",
              "a = Abs(v)  y = BatchNormalization(x, s, b, m, a) {epsilon=0.1}", tolerance);
    cases.add("instance_" + t, "x: " + t + "[2,6,5,7]" + numbers("6"), "y = InstanceNormalization(x, s, b)", tolerance);
    cases.add("group_" + t, "x: " + t + "[2,6,25,27]" + numbers("6"), "y = GroupNormalization(x, s, b) {num_groups=2}",
              tolerance);
    cases.add("group_last_" + t, "x: " + t + "[2,5,7,6]" + numbers("6"),
              "y = com.microsoft.GroupNorm(x, s, b) {groups=3, activation=1}", tolerance);
    cases.add("group_first_" + t, "x: " + t + "[2,6,5,7]" + numbers("6"),
              "y = com.microsoft.GroupNorm(x, s, b) {groups=3, activation=0, channels_last=0}", tolerance);
  }
  cases.add("batch_rows", "x: float[5,6], s: float[6], b: float[6], m: float[6], v: float[6]",
            "a = Abs(v)  y = BatchNormalization(x, s, b, m, a) {epsilon=0.1}");
  cases.add("batch_of_half", "x: float16[2,6,5], s: float[6], b: float[6], m: float[6], v: float[6]",
            "a = Abs(v)  y = BatchNormalization(x, s, b, m, a) {epsilon=0.1}", 4e-3);
  cases.add("no_instances", "x: float[0,6,5], s: float[6], b: float[6]", "y = InstanceNormalization(x, s, b)");
  return cases.all();
}

class Windows : public testing::TestWithParam<DeviceCase> {};
TEST_P(Windows, AgreeWithTheCpu) {
  check_on_device(GetParam());
}
INSTANTIATE_TEST_SUITE_P(Convolutions, Windows, testing::ValuesIn(all_convolutions()), name_of_case);
INSTANTIATE_TEST_SUITE_P(TensorConvolutions, Windows, testing::ValuesIn(all_on_tensor_cores()), name_of_case);
INSTANTIATE_TEST_SUITE_P(Poolings, Windows, testing::ValuesIn(all_poolings()), name_of_case);
INSTANTIATE_TEST_SUITE_P(Resamplings, Windows, testing::ValuesIn(all_resamplings()), name_of_case);
INSTANTIATE_TEST_SUITE_P(Paddings, Windows, testing::ValuesIn(all_paddings()), name_of_case);
INSTANTIATE_TEST_SUITE_P(ChannelNorms, Windows, testing::ValuesIn(all_channel_norms()), name_of_case);

}  // namespace
}  // namespace mica
