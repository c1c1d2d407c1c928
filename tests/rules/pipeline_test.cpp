// What the pipeline promises besides its rewrites: limits of folding, fixed dims, notes, the same result each time.
#include "graph/pipeline.h"

#include <gtest/gtest.h>

#include "graph/edit.h"
#include "graph/inference.h"
#include "graph/text_format.h"
#include "graph/verify.h"
#include "kernels/op.h"
#include "runtime/evaluator.h"
#include "tests/rules/semantics.h"

namespace mica {
namespace {

struct Result {
  GraphModel model;
  Notes notes;
  size_t nodes;
};

Result optimised(const std::string& text, const PipelineOptions& options = {}) {
  Result result{parse_text(text, operators()), {}, 0};
  optimize(result.model, operators(), make_evaluator(), options, result.notes);
  verify(*result.model.graph);
  result.nodes = living_nodes(*result.model.graph);
  return result;
}

TEST(Folding, LeavesWhatIsTooLarge) {
  const std::string text = "graph () -> (y) { y = ConstantOfShape(int64[1] [4000]) }";
  EXPECT_EQ(optimised(text).nodes, 0u);
  PipelineOptions options;
  options.folding.bytes = 15999;
  const Result kept = optimised(text, options);
  EXPECT_EQ(kept.nodes, 1u);
  EXPECT_EQ(kept.notes.explain("fold_constants"), "refused at ConstantOfShape: the result may exceed 15999 bytes\n");
}

TEST(Folding, ComputesWhatIsNotLargerThanItsInputs) {
  PipelineOptions options;
  options.folding.bytes = 1;
  EXPECT_EQ(optimised("graph () -> (y) { w: float[2,3] = 1 y = Transpose(w) }", options).nodes, 0u);
}

TEST(Folding, StopsWhenItsTimeIsUp) {
  PipelineOptions options;
  options.folding.seconds = 0;
  const Result kept = optimised("graph () -> (y) { w: float[2,3] = 1 y = Transpose(w) }", options);
  EXPECT_EQ(kept.nodes, 1u);
  EXPECT_EQ(kept.notes.explain("fold_constants"), "refused at Transpose: no time left for folding\n");
}

TEST(Folding, LeavesWhatCannotBeComputed) {
  const Result kept = optimised("graph (x: float[n]) -> (y) { w: float[3] = 1 i: int64[1] = 7 y = Gather(w, i) }");
  EXPECT_EQ(kept.nodes, 1u);
  EXPECT_NE(kept.notes.explain("fold_constants").find("refused at Gather"), std::string::npos);
}

PipelineOptions portable(size_t folding_bytes) {
  PipelineOptions options;
  options.target = Target::Portable;
  options.folding.bytes = folding_bytes;
  return options;
}

// The transpose of a table would stand in the file beside the table.
TEST(Folding, DoesNotDoubleALargeWeightInAFile) {
  const std::string both =
      "graph (x: int64[n], h: float[b,n,4]) -> (e, y) { w: float[6,4] = 1 e = Gather(w, x) t = Transpose(w) "
      "y = MatMul(h, t) }";
  const std::string alone =
      "graph (h: float[b,n,4], g: float[b,n,4]) -> (y, z) { w: float[6,4] = 1 t = Transpose(w) u = Transpose(w) "
      "y = MatMul(h, t) z = MatMul(g, u) }";
  const PipelineOptions small_limit = portable(95);
  const Result kept = optimised(both, small_limit);
  EXPECT_EQ(kept.nodes, 3u);
  EXPECT_EQ(kept.notes.explain("fold_constants"), "refused at Transpose: \"w\" is in use beside it\n");
  EXPECT_EQ(optimised(both, portable(96)).nodes, 2u) << "it is no larger than what may be folded";
  EXPECT_EQ(optimised(alone, small_limit).nodes, 2u) << "nothing else uses it";
}

// Ours take it as it is; what nothing takes so is folded all the same.
TEST(Folding, DoesNotDoubleALargeWeightInMemory) {
  PipelineOptions ours;
  ours.folding.bytes = 95;
  const auto optimised_text = [&](const std::string& text) { return print(optimised(text, ours).model); };
  const std::string given =
      "graph (x: int64[n], h: float[b,n,4], g: float[4,6], k: float[6,5]) -> (e, y) { w: float[6,4] = 1 "
      "e = Gather(w, x) t = Transpose(w) ";
  const std::string product = optimised_text(given + "p = MatMul(h, t) y = Add(p, float[6] [1,2,3,4,5,6]) }");
  EXPECT_NE(product.find("mica.Linear(h, w, "), std::string::npos) << product;
  EXPECT_NE(product.find("{transB=1}"), std::string::npos) << product;
  for (const char* other :
       {"y = Add(g, t) }", "y = MatMul(t, k) }", "u = Unsqueeze(t, int64[1] [0]) y = MatMul(h, u) }"}) {
    const std::string folded = optimised_text(given + other);
    EXPECT_EQ(folded.find("Transpose"), std::string::npos) << folded;
    EXPECT_EQ(folded.find("transB"), std::string::npos) << folded;
  }
}

TEST(Folding, LeavesWeightsStoredInHalfInAFile) {
  const std::string text =
      "graph (x: float[n,16]) -> (y) { w: float16[16,16] = 0.5 c = Cast(w) {to=1} y = MatMul(x, c) }";
  EXPECT_EQ(optimised(text, portable(1 << 20)).nodes, 2u);
  EXPECT_EQ(optimised(text).nodes, 1u);
  EXPECT_EQ(optimised("graph (x: float[n,4]) -> (y) { w: float16[4,4] = 0.5 c = Cast(w) {to=1} y = MatMul(x, c) }",
                      portable(1 << 20))
                .nodes,
            1u)
      << "too small to matter";
}

TEST(FixDims, MakesShapesConstant) {
  const std::string text = "graph (x: float[n,4]) -> (y) { d = Shape(x) y = Identity(d) }";
  EXPECT_EQ(optimised(text).nodes, 1u);
  PipelineOptions options;
  options.dims = {{"n", 3}};
  const Result fixed = optimised(text, options);
  EXPECT_EQ(fixed.nodes, 0u);
  EXPECT_EQ(fixed.model.graph->value(fixed.model.graph->inputs[0]).type.str(), "float[3,4]");
}

TEST(Inference, TellsHowMuchIsNew) {
  const GraphModel model = parse_text(
      "graph (x: float[n,4], c: bool[]) -> (y, d) { d = Shape(x) y = If(c) "
      "{then_branch=graph() -> (t) { t = Exp(x) }, else_branch=graph() -> (e) { e = Neg(x) }} }",
      operators());
  Graph& graph = *model.graph;
  infer_types(graph);
  EXPECT_EQ(infer_types(graph), 0u);
  graph.value(graph.inputs[0]).type =
      parse_text("graph (x: float[3,4]) -> (x) {}", operators()).graph->value(ValueId{0}).type;
  EXPECT_EQ(infer_types(graph), 6u) << "contents of d; type of y, and in both branches of x and of what is returned";
  EXPECT_EQ(infer_types(graph), 0u);
}

TEST(Notes, SayWhatAndWhy) {
  const Result result = optimised(
      "graph (x: float[n,4], m: bool[n,4]) -> (y) { a = Transpose(x) b = Transpose(a) c = Slice(b, int64[1] [-1], "
      "int64[1] [-9], int64[1] [1], int64[1] [-1]) y = Neg(c) }");
  EXPECT_EQ(result.notes.explain("transpose_pair"), "applied at Transpose: removed\n");
  EXPECT_EQ(result.notes.explain("no_op_slice"), "refused at Slice: a step is negative\n");
  EXPECT_EQ(result.notes.applied_by("transpose_pair"), 1u);
}

TEST(Pipeline, GivesTheSameEachTime) {
  const std::string text =
      "graph (x: float[n,4], z: float[n,4]) -> (y) { w: float[4] = [1,2,3,4] v: float[4] = [1,2,3,4] a = Add(x, w) "
      "b = Add(x, v) c = Add(z, w) d = Mul(a, c) e = Mul(b, c) f = Sub(d, e) g = Exp(f) y = Add(g, d) }";
  EXPECT_EQ(print(optimised(text).model), print(optimised(text).model));
}

}  // namespace
}  // namespace mica
