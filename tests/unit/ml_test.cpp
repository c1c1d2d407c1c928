// Classical models of ai.onnx.ml. Expected values are those of ONNX Runtime 1.27 where nothing else is said.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/unit/infer_op.h"
#include "tests/unit/message_of.h"

namespace mica {
namespace {

using Ints = std::vector<int64_t>;
using Floats = std::vector<float>;
using Strings = std::vector<std::string>;

const Tensor kX = Tensor::of<float>({3, 2}, {1, 2, -3, 0.5f, 0.2f, -0.4f});

std::vector<Datum> run_ml(const std::string& op, const Attributes& attributes, const std::vector<Tensor>& inputs,
                          size_t outputs = 1, int64_t version = 3) {
  return run_op({op, version, attributes, outputs, "ai.onnx.ml"}, inputs);
}

template <class T>
std::vector<T> values(const Datum& datum) {
  const auto span = datum.tensor.as<T>();
  return {span.begin(), span.end()};
}

void expect_near(const Datum& datum, const Floats& expected, float tolerance = 2e-6f) {
  const Floats found = values<float>(datum);
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], tolerance * 10) << "at " << i;
}

TEST(Ml, LinearClassifier) {
  const auto three = run_ml("LinearClassifier",
                            {{"coefficients", Floats{.3f, .2f, -.1f, .4f, .5f, .6f}},
                             {"intercepts", Floats{.1f, -.2f, 0}},
                             {"classlabels_ints", Ints{5, 7, 9}},
                             {"post_transform", "SOFTMAX"}},
                            {kX}, 2);
  EXPECT_EQ(values<int64_t>(three[0]), (Ints{9, 7, 5}));
  expect_near(three[1],
              {0.238071f, 0.176368f, 0.585561f, 0.231224f, 0.628532f, 0.140244f, 0.410880f, 0.259382f, 0.329739f});
  const auto two = run_ml("LinearClassifier",
                          {{"coefficients", Floats{.3f, .2f}},
                           {"intercepts", Floats{.1f}},
                           {"classlabels_strings", Strings{"no", "yes"}},
                           {"post_transform", "LOGISTIC"}},
                          {kX}, 2);
  EXPECT_EQ(values<std::string>(two[0]), (Strings{"yes", "no", "yes"}));
  expect_near(two[1], {0.310026f, 0.689974f, 0.668188f, 0.331812f, 0.480011f, 0.519989f});
}

TEST(Ml, LinearRegressorOfIntegers) {
  const auto y =
      run_ml("LinearRegressor",
             {{"coefficients", Floats{1, 2, -1, 0.5f}}, {"targets", int64_t{2}}, {"intercepts", Floats{10, 20}}},
             {Tensor::of<int64_t>({2}, {3, 4})});
  EXPECT_EQ(values<float>(y[0]), (Floats{21, 19}));
  EXPECT_EQ(y[0].tensor.shape(), (Shape{1, 2}));
}

const Attributes kSvm = {{"coefficients", Floats{1, -.5f, .25f, -1, .5f, .75f, -.25f, 1, -.5f, .3f}},
                         {"kernel_params", Floats{.5f, .1f, 3}},
                         {"rho", Floats{.1f, -.2f, .3f}},
                         {"support_vectors", Floats{1, 2, -1, 0, .5f, .5f, 2, -1, 0, 1}},
                         {"vectors_per_class", Ints{2, 1, 2}},
                         {"classlabels_ints", Ints{5, 7, 9}}};

TEST(Ml, SvmClassifierOfPairs) {
  Attributes attributes = kSvm;
  attributes["kernel_type"] = "POLY";
  const auto y = run_ml("SVMClassifier", attributes, {kX}, 2);
  EXPECT_EQ(values<int64_t>(y[0]), (Ints{5, 7, 5}));
  expect_near(
      y[1], {17.861530f, 13.662499f, 1.312925f, -2.713176f, 29.506565f, 15.796098f, 0.092031f, -0.331500f, 0.237325f});
  attributes["rho"] = Floats{.1f};
  EXPECT_NE(message_of([&] { run_ml("SVMClassifier", attributes, {kX}, 2); }), "no error");
}

TEST(Ml, SvmClassifierWithProbabilities) {
  Attributes attributes = kSvm;
  attributes["kernel_type"] = "RBF";
  attributes["prob_a"] = Floats{-1, -2, -.5f};
  attributes["prob_b"] = Floats{.1f, 0, -.3f};
  const auto y = run_ml("SVMClassifier", attributes, {kX}, 2);
  EXPECT_EQ(values<int64_t>(y[0]), (Ints{5, 5, 5}));
  expect_near(y[1],
              {0.634999f, 0.227241f, 0.137760f, 0.285062f, 0.395258f, 0.319680f, 0.289062f, 0.426788f, 0.284150f});
}

TEST(Ml, SvmOfTwoClassesAndRegressor) {
  const auto two = run_ml("SVMClassifier",
                          {{"coefficients", Floats{1, -.5f, .25f}},
                           {"kernel_params", Floats{.5f, .1f, 3}},
                           {"kernel_type", "SIGMOID"},
                           {"rho", Floats{.1f}},
                           {"support_vectors", Floats{1, 2, -1, 0, .5f, .5f}},
                           {"vectors_per_class", Ints{2, 1}},
                           {"classlabels_strings", Strings{"no", "yes"}},
                           {"post_transform", "LOGISTIC"}},
                          {kX}, 2);
  EXPECT_EQ(values<std::string>(two[0]), (Strings{"no", "yes", "yes"}));
  expect_near(two[1], {0.189729f, 0.810271f, 0.768083f, 0.231917f, 0.521209f, 0.478791f});
  const auto y = run_ml("SVMRegressor",
                        {{"coefficients", Floats{1, -.5f, .25f}},
                         {"kernel_params", Floats{.5f, .1f, 3}},
                         {"kernel_type", "RBF"},
                         {"rho", Floats{.1f}},
                         {"support_vectors", Floats{1, 2, -1, 0, .5f, .5f}},
                         {"n_supports", int64_t{3}}},
                        {kX});
  expect_near(y[0], {1.162468f, 0.040939f, 0.075505f});
}

// Tree 0: x0 <= 0 ? (x1 > 0.7 ? 3 : 4) : 2;  tree 1: x1 < -0.1 ? 1 : 2. Node 4 of tree 0 has two votes.
Attributes trees(const std::string& vote) {
  return {{"nodes_treeids", Ints{0, 0, 0, 0, 0, 1, 1, 1}},
          {"nodes_nodeids", Ints{0, 1, 2, 3, 4, 0, 1, 2}},
          {"nodes_featureids", Ints{0, 1, 0, 0, 0, 1, 0, 0}},
          {"nodes_values", Floats{0, .7f, 0, 0, 0, -.1f, 0, 0}},
          {"nodes_modes", Strings{"BRANCH_LEQ", "BRANCH_GT", "LEAF", "LEAF", "LEAF", "BRANCH_LT", "LEAF", "LEAF"}},
          {"nodes_truenodeids", Ints{1, 3, 0, 0, 0, 1, 0, 0}},
          {"nodes_falsenodeids", Ints{2, 4, 0, 0, 0, 2, 0, 0}},
          {vote + "_treeids", Ints{0, 0, 0, 0, 1, 1}},
          {vote + "_nodeids", Ints{2, 3, 4, 4, 1, 2}},
          {vote + "_ids", Ints{0, 1, 0, 2, 1, 2}},
          {vote + "_weights", Floats{.5f, -.25f, .125f, 2, -1, .75f}}};
}

TEST(Ml, TreeEnsembleClassifier) {
  Attributes attributes = trees("class");
  attributes["classlabels_int64s"] = Ints{5, 7, 9};
  attributes["post_transform"] = "SOFTMAX";
  attributes["base_values"] = Floats{.1f, .2f, .3f};
  const auto y = run_ml("TreeEnsembleClassifier", attributes, {kX}, 2);
  EXPECT_EQ(values<int64_t>(y[0]), (Ints{9, 9, 5}));
  expect_near(y[1],
              {0.308772f, 0.206976f, 0.484251f, 0.053089f, 0.051778f, 0.895133f, 0.503166f, 0.124079f, 0.372755f});
}

// A target without votes has its base, as in ONNX's reference implementation.
TEST(Ml, TreeEnsembleRegressorAggregates) {
  const std::pair<const char*, Floats> kExpected[] = {
      {"SUM", {.6f, .2f, 1.05f, .225f, .2f, 3.05f, .6f, -.8f, .3f}},
      {"AVERAGE", {.35f, .2f, .675f, .1625f, .2f, 1.675f, .35f, -.3f, .3f}},
      {"MIN", {.6f, .2f, 1.05f, .225f, .2f, 1.05f, .6f, -.8f, .3f}},
      {"MAX", {.6f, .2f, 1.05f, .225f, .2f, 2.3f, .6f, -.8f, .3f}}};
  Attributes attributes = trees("target");
  attributes["n_targets"] = int64_t{3};
  attributes["base_values"] = Floats{.1f, .2f, .3f};
  for (const auto& [name, expected] : kExpected) {
    attributes["aggregate_function"] = name;
    expect_near(run_ml("TreeEnsembleRegressor", attributes, {kX})[0], expected);
  }
}

TEST(Ml, MissingValuesGoWhereTheNodeSays) {
  const Tensor x = Tensor::of<double>({1, 2}, {std::nan(""), 1});
  Attributes attributes = trees("target");
  attributes["n_targets"] = int64_t{3};
  expect_near(run_ml("TreeEnsembleRegressor", attributes, {x})[0], {.5f, 0, .75f});
  attributes["nodes_missing_value_tracks_true"] = Ints(8, 1);
  expect_near(run_ml("TreeEnsembleRegressor", attributes, {x})[0], {0, -.25f, .75f});
}

// One tree, x0 <= 0 ? w0 : w1, all for one class.
std::vector<Datum> two_classes(Floats weights, const std::string& transform) {
  return run_ml("TreeEnsembleClassifier",
                {{"nodes_treeids", Ints{0, 0, 0}},
                 {"nodes_nodeids", Ints{0, 1, 2}},
                 {"nodes_featureids", Ints{0, 0, 0}},
                 {"nodes_values", Floats{0, 0, 0}},
                 {"nodes_modes", Strings{"BRANCH_LEQ", "LEAF", "LEAF"}},
                 {"nodes_truenodeids", Ints{1, 0, 0}},
                 {"nodes_falsenodeids", Ints{2, 0, 0}},
                 {"class_treeids", Ints{0, 0}},
                 {"class_nodeids", Ints{1, 2}},
                 {"class_ids", Ints{0, 0}},
                 {"class_weights", std::move(weights)},
                 {"classlabels_int64s", Ints{5, 7}},
                 {"post_transform", transform}},
                {Tensor::of<float>({2, 1}, {1, -1})}, 2);
}

TEST(Ml, TreesOfOneOfTwoClasses) {
  const auto positive = two_classes({.3f, .7f}, "NONE");
  EXPECT_EQ(values<int64_t>(positive[0]), (Ints{7, 5}));
  expect_near(positive[1], {.3f, .7f, .7f, .3f});
  const auto mixed = two_classes({-.3f, .7f}, "NONE");
  EXPECT_EQ(values<int64_t>(mixed[0]), (Ints{7, 5}));
  expect_near(mixed[1], {-.7f, .7f, .3f, -.3f});
  const auto logistic = two_classes({-.3f, .7f}, "LOGISTIC");
  EXPECT_EQ(values<int64_t>(logistic[0]), (Ints{7, 5}));
  expect_near(logistic[1], {.331812f, .668188f, .574443f, .425557f});
}

TEST(Ml, RefusesTreesThatAreNone) {
  Attributes attributes = trees("target");
  attributes["n_targets"] = int64_t{3};
  const auto changed = [&](const char* name, const Attribute& value) {
    Attributes copy = attributes;
    copy[name] = value;
    return message_of([&] { run_ml("TreeEnsembleRegressor", copy, {kX}); });
  };
  EXPECT_NE(changed("nodes_truenodeids", Ints{1, 0, 0, 0, 0, 1, 0, 0}).find("a tree has a cycle"), std::string::npos);
  EXPECT_NE(changed("nodes_truenodeids", Ints{9, 3, 0, 0, 0, 1, 0, 0}).find("tree 0 has no node 9"), std::string::npos);
  EXPECT_NE(changed("nodes_nodeids", Ints{0, 1, 2, 2, 4, 0, 1, 2}).find("has node 2 twice"), std::string::npos);
  EXPECT_NE(changed("target_ids", Ints{0, 1, 0, 3, 1, 2}).find("votes for target 3"), std::string::npos);
  EXPECT_NE(changed("nodes_featureids", Ints{2, 1, 0, 0, 0, 1, 0, 0}).find("ask for 3 features"), std::string::npos);
}

TEST(Ml, FeaturesAreScaledNormalisedAndJoined) {
  const Tensor x = Tensor::of<int32_t>({2, 2}, {3, 4, -6, 8});
  EXPECT_EQ(values<float>(run_ml("Scaler", {{"offset", Floats{1, 2}}, {"scale", Floats{2, .5f}}}, {x})[0]),
            (Floats{4, 1, -14, 3}));
  EXPECT_EQ(values<float>(run_ml("Normalizer", {{"norm", "L2"}}, {x})[0]), (Floats{.6f, .8f, -.6f, .8f}));
  EXPECT_EQ(values<float>(run_ml("Normalizer", {}, {x})[0]), (Floats{.75f, 1, -.75f, 1}));
  EXPECT_EQ(values<float>(run_ml("Normalizer", {{"norm", "L1"}}, {Tensor::of<double>({2}, {0, 0})})[0]),
            (Floats{0, 0}));
  const auto joined = run_ml("FeatureVectorizer", {{"inputdimensions", Ints{1, 3}}}, {x, x});
  EXPECT_EQ(values<float>(joined[0]), (Floats{3, 3, 4, 0, -6, -6, 8, 0}));
  const auto dims = infer_op({"FeatureVectorizer", 1, {}, 1, "ai.onnx.ml"},
                             {tensor_input(DType::F32, {Dim::symbol("n"), 2}), tensor_input(DType::F32, {5, 3})});
  EXPECT_EQ(str(*dims[0].type.dims), "[5,5]");
}

TEST(Ml, ImputerKnowsNaN) {
  const Tensor x = Tensor::of<float>({2, 2}, {std::nanf(""), 1, 2, std::nanf("")});
  const auto y =
      run_ml("Imputer", {{"imputed_value_floats", Floats{8, 9}}, {"replaced_value_float", std::nanf("")}}, {x});
  EXPECT_EQ(values<float>(y[0]), (Floats{8, 1, 2, 9}));
}

TEST(Ml, Categories) {
  const Tensor words = Tensor::of<std::string>({3}, {"b", "x", "a"});
  const Attributes map = {{"cats_int64s", Ints{4, 6}}, {"cats_strings", Strings{"a", "b"}}};
  EXPECT_EQ(values<int64_t>(run_ml("CategoryMapper", map, {words})[0]), (Ints{6, -1, 4}));
  EXPECT_EQ(values<std::string>(run_ml("CategoryMapper", map, {Tensor::of<int64_t>({2}, {4, 5})})[0]),
            (Strings{"a", "_Unused"}));
  const Attributes cats = {{"cats_strings", Strings{"a", "b"}}};
  EXPECT_EQ(values<float>(run_ml("OneHotEncoder", cats, {words})[0]), (Floats{0, 1, 0, 0, 1, 0}));
  EXPECT_EQ(values<float>(run_ml("OneHotEncoder", {{"cats_int64s", Ints{1, 2}}}, {kX})[0]),
            (Floats{1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_NE(message_of([&] {
              run_ml("OneHotEncoder", {{"cats_strings", Strings{"a", "b"}}, {"zeros", int64_t{0}}}, {words});
            }),
            "no error");
}

Datum run_on_map(const std::string& op, const Attributes& attributes, const Tensor& keys, const Tensor& values) {
  Node node;
  node.domain = "ai.onnx.ml";
  node.op_type = op;
  node.opset = 3;
  node.attributes = attributes;
  node.inputs = {ValueId{0}};
  node.formal_inputs = 1;
  node.outputs = {ValueId{1}};
  resolve(node, operators());
  Datum map;
  map.kind = Datum::Kind::Map;
  map.items = {Datum(keys), Datum(values)};
  const Datum* inputs[] = {&map};
  Workspace workspace;
  ThreadPool threads(1);
  return evaluate(node, inputs, {&workspace, &threads, nullptr})[0];
}

TEST(Ml, MapsBecomeTensorsAndBack) {
  const Tensor keys = Tensor::of<int64_t>({2}, {3, 1}), numbers = Tensor::of<float>({2}, {2.5f, -4});
  EXPECT_EQ(values<float>(run_on_map("CastMap", {}, keys, numbers)), (Floats{-4, 2.5f}));
  const Attributes sparse = {{"map_form", "SPARSE"}, {"max_map", int64_t{4}}, {"cast_to", "TO_STRING"}};
  EXPECT_EQ(values<std::string>(run_on_map("CastMap", sparse, keys, numbers)), (Strings{"", "-4", "", "2.5"}));
  EXPECT_NE(message_of([&] {
              run_on_map("CastMap", {{"map_form", "SPARSE"}, {"max_map", int64_t{3}}}, keys, numbers);
            }),
            "no error");
  EXPECT_EQ(values<float>(run_on_map("DictVectorizer", {{"int64_vocabulary", Ints{1, 2, 3}}}, keys, numbers)),
            (Floats{-4, 0, 2.5f}));
  EXPECT_NE(message_of([&] {
              run_on_map("DictVectorizer", {{"int64_vocabulary", Ints{1, 2}}}, keys, numbers);
            }),
            "no error");
  const auto maps = run_ml("ZipMap", {{"classlabels_strings", Strings{"a", "b"}}}, {kX});
  ASSERT_EQ(maps[0].items.size(), 3u);
  EXPECT_EQ(values<std::string>(maps[0].items[1].items[0]), (Strings{"a", "b"}));
  EXPECT_EQ(values<float>(maps[0].items[1].items[1]), (Floats{-3, .5f}));
}

}  // namespace
}  // namespace mica
