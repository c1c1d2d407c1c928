// mica optimize: what is written, what is refused, and the model in models/ that it made.
#include <gmock/gmock.h>

#include "graph/onnx/import.h"
#include "tests/cli/program.h"

namespace mica {
namespace {

using testing::HasSubstr;

class Optimize : public Program {
 protected:
  std::string chain() const {
    return model("chain.onnx", R"(
      graph chain(x: float[n,3], z: float[n,3]) -> (y, u) opset 20 {
        w: float[3,2] = [1,2,3,4,5,6]
        i = Identity(x) @"nothing"
        h = MatMul(i, w) @"product"
        y = Neg(h) @"last"
        u = Abs(z) @"other"
      })");
  }
  nlohmann::json inspect(const std::string& file) const { return mica({"inspect", file, "--json", "--quiet"}).json(); }
};

TEST_F(Optimize, TellsOperatorsBeforeAndAfterAndWhatRulesDid) {
  const Finished finished = mica({"optimize", chain(), "-o", path("out.onnx"), "--verify", "--json"});
  ASSERT_EQ(finished.code, 0) << finished.err;
  const auto json = finished.json();
  EXPECT_EQ(json["before"]["nodes"], 4);
  EXPECT_EQ(json["after"]["nodes"], 3);
  EXPECT_EQ(json["before"]["operators"]["Identity"], 1);
  EXPECT_FALSE(json["after"]["operators"].contains("Identity"));
  EXPECT_EQ(json["after"]["initializer_bytes"], 24);
  EXPECT_EQ(json["after"]["file_bytes"], std::filesystem::file_size(path("out.onnx")));
  EXPECT_TRUE(json["left_out"].empty());
  EXPECT_THAT(json["verified"], HasSubstr("2 outputs"));
  EXPECT_EQ(mica({"compare", chain(), path("out.onnx")}).code, 0);

  const Finished text = mica({"optimize", chain(), "--explain", "identity"});
  EXPECT_THAT(text.out, HasSubstr("all nodes"));
  EXPECT_THAT(text.out, HasSubstr("applied at Identity \"nothing\""));
}

TEST_F(Optimize, LeavesOutRulesByNameAndSuggestsOthers) {
  const auto json = mica({"optimize", chain(), "--without", "identity", "--json"}).json();
  EXPECT_EQ(json["after"]["operators"]["Identity"], 1);
  for (const char* flag : {"--without", "--explain"}) {
    const Finished finished = mica({"optimize", chain(), flag, "identty"});
    EXPECT_EQ(finished.code, 2);
    EXPECT_THAT(finished.err, HasSubstr("did you mean \"identity\"?"));
  }
}

TEST_F(Optimize, WritesTheSameBytesInEachProcess) {
  const std::string given = source_path("tests/e2e/bert_tiny/model.onnx");
  ASSERT_EQ(mica({"optimize", given, "-o", path("a.onnx")}).code, 0);
  ASSERT_EQ(mica({"optimize", given, "-o", path("b.onnx")}).code, 0);
  EXPECT_TRUE(read_text(path("a.onnx")) == read_text(path("b.onnx")));
}

TEST_F(Optimize, FixesDimsAndWritesShapes) {
  ASSERT_EQ(mica({"optimize", chain(), "-o", path("a.onnx"), "--dim", "n=4"}).code, 0);
  EXPECT_EQ(inspect(path("a.onnx"))["outputs"][0]["type"], "float[4,2]");
  ASSERT_EQ(mica({"optimize", chain(), "-o", path("b.onnx"), "--shape", "z:5x3"}).code, 0);
  EXPECT_EQ(inspect(path("b.onnx"))["inputs"][0]["type"], "float[5,3]");
  EXPECT_EQ(mica({"optimize", chain(), "--shape", "z:5x4"}).code, 2);
  EXPECT_THAT(mica({"optimize", chain(), "--dim", "m=4"}).err, HasSubstr("\"n\""));

  // Values within are declared too, without inferring anything here.
  const GraphModel written = onnx::import_model(path("a.onnx"), OpTable({}));
  EXPECT_EQ(written.graph->value(*written.graph->find_value("h")).type.str(), "float[4,2]");
}

TEST_F(Optimize, CutsOutWhatIsAskedFor) {
  ASSERT_EQ(mica({"optimize", chain(), "-o", path("a.onnx"), "--outputs", "h"}).code, 0);
  EXPECT_EQ(inspect(path("a.onnx"))["outputs"][0]["name"], "h");
  EXPECT_EQ(inspect(path("a.onnx"))["inputs"].size(), 1u);
  ASSERT_EQ(mica({"optimize", chain(), "-o", path("b.onnx"), "--outputs", "y,u", "--inputs", "z,h"}).code, 0);
  const auto cut = inspect(path("b.onnx"));
  EXPECT_EQ(cut["nodes"], 2);
  EXPECT_EQ(cut["inputs"][0]["name"], "z");
  EXPECT_EQ(cut["inputs"][1]["name"], "h");
  EXPECT_EQ(cut["inputs"][1]["type"], "float[n,2]");

  EXPECT_THAT(mica({"optimize", chain(), "--outputs", "hh"}).err, HasSubstr("did you mean \"h\"?"));
  EXPECT_THAT(mica({"optimize", chain(), "--outputs", "y,u", "--inputs", "h"}).err, HasSubstr("need input \"z\""));
  EXPECT_EQ(mica({"optimize", chain(), "--outputs", "h,h"}).code, 2);
}

TEST_F(Optimize, RenamesAndStrips) {
  ASSERT_EQ(
      mica({"optimize", chain(), "-o", path("a.onnx"), "--rename", "x=left", "--rename", "y=result", "--strip"}).code,
      0);
  const GraphModel written = onnx::import_model(path("a.onnx"), operators());
  EXPECT_TRUE(written.graph->find_value("left") && written.graph->find_value("result"));
  for (const NodeId id : written.graph->order()) EXPECT_EQ(written.graph->node(id).name, "");
  EXPECT_EQ(mica({"optimize", chain(), "--rename", "x=z"}).code, 2);
}

TEST_F(Optimize, RaisesTheOpset) {
  const std::string old = model("old.onnx", R"(
    graph old(x: float[n,3,4]) -> (y) opset 11 {
      s = Softmax(x) {axis=1}
      u = Unsqueeze(s) {axes=[0]}
      y = Neg(u)
    })");
  ASSERT_EQ(mica({"optimize", old, "-o", path("a.onnx"), "--opset", "21", "--verify"}).code, 0);
  EXPECT_EQ(inspect(path("a.onnx"))["opsets"]["ai.onnx"], 21);
  EXPECT_EQ(mica({"compare", old, path("a.onnx")}).code, 0);
  const Finished lower = mica({"optimize", old, "--opset", "9"});
  EXPECT_EQ(lower.code, 2);
  EXPECT_THAT(lower.err, HasSubstr("opset 9 is lower than the model's, 11"));
  EXPECT_EQ(mica({"optimize", old, "--opset", "99"}).code, 2);
}

// A fusion brings in Gelu of opset 20, which the rest is raised to.
TEST_F(Optimize, RaisesTheOpsetToWhatFusionsNeed) {
  const std::string old = model("old.onnx", R"(
    graph old(x: float[n,3,4]) -> (y) opset 11 {
      s = Softmax(x) {axis=1}
      d = Div(s, float[] 1.4142135)
      e = Erf(d)
      f = Add(e, float[] 1)
      g = Mul(s, f)
      h = Mul(g, float[] 0.5)
      y = Unsqueeze(h) {axes=[0]}
    })");
  ASSERT_EQ(mica({"optimize", old, "-o", path("a.onnx"), "--target", "mica"}).code, 0);
  EXPECT_EQ(inspect(path("a.onnx"))["operators"]["Gelu"], 1);
  EXPECT_GE(inspect(path("a.onnx"))["opsets"]["ai.onnx"], 20);
  EXPECT_EQ(mica({"compare", old, path("a.onnx")}).code, 0);
  ASSERT_EQ(mica({"optimize", old, "-o", path("b.onnx")}).code, 0);
  EXPECT_EQ(inspect(path("b.onnx"))["opsets"]["ai.onnx"], 11);
}

TEST_F(Optimize, StoresWeightsInHalf) {
  const std::string wide = model("wide.onnx", R"(
    graph wide(x: float[1,64]) -> (y) opset 17 {
      w: float[64,64] = 0.3333333
      v: float[64,64] = 100000.0
      b: float[64] = 0.5
      t: float[64,64] = 0.00001
      h = MatMul(x, w)
      i = MatMul(h, v)
      j = MatMul(i, t)
      y = Add(j, b)
    })");
  const Finished half = mica({"optimize", wide, "-o", path("half.onnx"), "--fp16", "--json"});
  ASSERT_EQ(half.code, 0) << half.err;
  EXPECT_THAT(half.err, HasSubstr("\"v\" stays float: it holds 100000"));
  EXPECT_THAT(half.err, HasSubstr("\"t\" stays float: all its elements are below the normal range"));
  EXPECT_THAT(half.json()["storage"], HasSubstr("1 float weight, 8.19 KB less; 1 small and 2 unfit"));
  EXPECT_EQ(half.json()["after"]["operators"]["Cast"], 1);
  EXPECT_EQ(mica({"compare", wide, path("half.onnx"), "--rtol", "1e-3"}).code, 0);
  const GraphModel written = onnx::import_model(path("half.onnx"), operators());
  EXPECT_EQ(written.graph->value(*written.graph->find_value("w.float16")).constant.dtype(), DType::F16);

  const Finished again = mica({"optimize", path("half.onnx"), "-o", path("again.onnx"), "--json"});
  EXPECT_EQ(again.json()["after"]["initializer_bytes"], half.json()["after"]["initializer_bytes"]);
  EXPECT_EQ(again.json()["after"]["operators"], half.json()["after"]["operators"]);

  ASSERT_EQ(mica({"optimize", wide, "-o", path("bf16.onnx"), "--bf16"}).code, 0);
  EXPECT_LT(std::filesystem::file_size(path("bf16.onnx")), std::filesystem::file_size(wide) * 6 / 10);
  EXPECT_EQ(mica({"compare", wide, path("bf16.onnx"), "--rtol", "2e-2"}).code, 0);
  EXPECT_EQ(mica({"optimize", wide, "--bf16", "--fp16"}).code, 2);
  const std::string old = model("old.onnx", "graph old(x: float[2]) -> (y) opset 9 { y = Neg(x) }");
  EXPECT_THAT(mica({"optimize", old, "--bf16"}).err, HasSubstr("needs opset 13, the model has 9"));
}

TEST_F(Optimize, WritesAReport) {
  const std::string html = path("r.html"), json = path("r.json"), dot = path("g.dot");
  const Finished finished = mica({"optimize", chain(), "--report", html, "--dot", dot, "--dim", "n=5"});
  ASSERT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(finished.out, HasSubstr("FLOPs"));
  const std::string page = read_text(html);
  EXPECT_THAT(page, HasSubstr("</html>"));
  EXPECT_THAT(page, HasSubstr("<g class=\"removed\""));
  EXPECT_THAT(page, HasSubstr(">Identity</text>"));
  EXPECT_THAT(page, HasSubstr("applied Identity &quot;nothing&quot;"));
  EXPECT_EQ(page.find("<script"), std::string::npos);
  const std::string graph = read_text(dot);
  EXPECT_TRUE(graph.starts_with("digraph model {"));
  EXPECT_THAT(graph, HasSubstr("MatMul\\nfloat[5,2]"));
  EXPECT_EQ(graph.find("Identity"), std::string::npos);

  ASSERT_EQ(mica({"optimize", chain(), "--report", json}).code, 0);
  const auto report = nlohmann::json::parse(read_text(json));
  EXPECT_EQ(report["before"]["flops"], "12*n") << "2 * n * 3 * 2";
  EXPECT_EQ(report["after"]["nodes"], 3);
  EXPECT_FALSE(std::filesystem::exists(json + ".part"));

  EXPECT_THAT(mica({"optimize", chain(), "--report", path("r.txt")}).err, HasSubstr(".html or .json"));
  EXPECT_EQ(mica({"optimize", chain(), "--dot", path("chain.onnx")}).code, 2);
  EXPECT_EQ(mica({"optimize", chain(), "--report", path("no/such/r.json")}).code, 2);
}

TEST_F(Optimize, DrawsTheGraphsWithinNodes) {
  const std::string branches = model("branches.onnx", R"(
    graph branches(x: float[n], c: bool[]) -> (y) opset 20 {
      y = If(c) {then_branch=graph() -> (a) { i = Identity(x) a = Exp(i) }, else_branch=graph() -> (b) { b = Abs(x) }}
    })");
  const std::string html = path("r.html"), dot = path("g.dot");
  ASSERT_EQ(mica({"optimize", branches, "--report", html, "--dot", dot}).code, 0);
  const std::string page = read_text(html);
  EXPECT_THAT(page, HasSubstr("<h3>then_branch of If y</h3>"));
  EXPECT_THAT(page, HasSubstr("<g class=\"removed\""));
  EXPECT_THAT(page, HasSubstr(">Exp</text>"));
  const std::string graph = read_text(dot);
  EXPECT_THAT(graph, HasSubstr("label=\"else_branch of If y\""));
  EXPECT_THAT(graph, HasSubstr("Abs\\nfloat[n]"));
}

TEST_F(Optimize, MayTakeThePlaceOfTheModelButNotOfItsWeights) {
  const std::string wide = model("wide.onnx", R"(
    graph wide(x: float[1,64]) -> (y) opset 20 {
      w: float[64,64] = 0.5
      i = Identity(x)
      y = MatMul(i, w)
    })");
  ASSERT_EQ(mica({"optimize", wide, "-o", path("a.onnx"), "--external-data", "a.bin"}).code, 0);
  EXPECT_GE(std::filesystem::file_size(path("a.bin")), 64u * 64 * 4);
  EXPECT_LT(std::filesystem::file_size(path("a.onnx")), 2000u);
  EXPECT_EQ(mica({"compare", wide, path("a.onnx")}).code, 0);

  const std::string weights = read_text(path("a.bin"));
  EXPECT_EQ(mica({"optimize", path("a.onnx"), "-o", path("b.onnx"), "--external-data", "a.bin"}).code, 2);
  EXPECT_EQ(mica({"optimize", path("a.onnx"), "-o", path("a.bin")}).code, 2);
  EXPECT_EQ(read_text(path("a.bin")), weights);
  ASSERT_EQ(mica({"optimize", path("a.onnx"), "-o", path("a.onnx")}).code, 0) << "and back";
  EXPECT_GE(std::filesystem::file_size(path("a.onnx")), 64u * 64 * 4);
  EXPECT_EQ(mica({"compare", wide, path("a.onnx")}).code, 0);
}

// `mica optimize models/toy.onnx -o models/toy.sanitized.onnx` made it.
TEST_F(Optimize, MakesTheSanitizedToyModelToTheByte) {
  const std::string sanitized = source_path("models/toy.sanitized.onnx"), original = read_text(toy_model());
  ASSERT_EQ(mica({"optimize", toy_model(), "-o", path("toy.onnx"), "--verify"}).code, 0);
  EXPECT_TRUE(read_text(path("toy.onnx")) == read_text(sanitized)) << "make it again, see above";
  EXPECT_TRUE(read_text(toy_model()) == original);
  ASSERT_EQ(mica({"optimize", path("toy.onnx"), "-o", path("twice.onnx")}).code, 0);
  EXPECT_TRUE(read_text(path("twice.onnx")) == read_text(sanitized)) << "optimised twice";
}

TEST_F(Optimize, KeepsTheProbesOfTheToyModel) {
  const Finished finished = mica({"compare", toy_model(), source_path("models/toy.sanitized.onnx"), "--dim", "seq=128",
                                  "--rtol", "1e-4", "--atol", "1e-4", "--json"});
  ASSERT_EQ(finished.code, 0) << finished.out;
  for (const char* probe : {"probe.embedding", "probe.attention", "probe.feed_forward", "probe.final_norm", "logits"}) {
    EXPECT_THAT(finished.out, HasSubstr(std::string("\"") + probe + "\""));
  }
}

}  // namespace
}  // namespace mica
