// Regular expressions and strings. The expected answers on patterns are RE2's.
#include <gtest/gtest.h>

#include "kernels/string/regex.h"
#include "kernels/string/utf8.h"
#include "tests/unit/run_op.h"

namespace mica {
namespace {

TEST(Regex, MatchesAllOfTheText) {
  const struct {
    const char *pattern, *text;
    bool matches;
  } cases[] = {
      {"", "", true},
      {"", "a", false},
      {"a*", "", true},
      {"a*", "aaa", true},
      {"(a|b)+c", "abbac", true},
      {"a{2,3}", "a", false},
      {"a{2,3}", "aaa", true},
      {"a{2,3}", "aaaa", false},
      {"a{2,}", "aaaaa", true},
      {"a{0}", "", true},
      {"a{,2}", "a{,2}", true},
      {"x*?y", "xxy", true},
      {"[^a-c]+", "xyz", true},
      {"[^a-c]+", "xbz", false},
      {"[]a]+", "]a", true},
      {"[a-]+", "a-", true},
      {"[[:alpha:]_]+", "ab_C", true},
      {"[[:^digit:]]", "7", false},
      {"\\d+\\.\\d+", "3.14", true},
      {"\\D\\W\\S", "a-b", true},
      {"[\\d\\s]+", "1 2", true},
      {"(?i)hello", "HeLLo", true},
      {"(?i:h)ello", "HELLO", false},
      {"a(?i)b|c", "aB", true},
      {".", "\n", false},
      {"(?s).", "\n", true},
      {"^ab$", "ab", true},
      {"a^b", "ab", false},
      {"(?m)a$\\n^b", "a\nb", true},
      {"\\bfoo\\b.*", "foo bar", true},
      {"foo\\Bbar", "foobar", true},
      {"(?P<name>a)(?:b)", "ab", true},
      {"\\Qa.b\\E+", "a.bb", true},
      {"\\Qa.b\\E", "a.b", true},
      {"\\x41\\x{1F600}", "A\xf0\x9f\x98\x80", true},
      {"..", "\xc3\xa4\xe2\x82\xac", true},
      {"(?i)\xc3\x84", "\xc3\xa4", true},
      {"(|a)*", "aa", true},
      {"(a*)*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
  };
  for (const auto& c : cases) EXPECT_EQ(Regex(c.pattern).matches(c.text), c.matches) << c.pattern << " on " << c.text;
}

TEST(Regex, RefusesWhatIsMalformed) {
  for (const char* pattern : {"(", ")", "[a", "*", "a**", "a{2}{3}", "a{3,2}", "a{1001}", "[b-a]", "\\", "\\1", "\\y",
                              "(?<n", "(?=a)", "[[:nothing:]]", "\\xZZ"}) {
    EXPECT_THROW(Regex{pattern}, Error) << pattern;
  }
}

TEST(Regex, HostilePatternsEndInAnError) {
  EXPECT_THROW(Regex(std::string(100000, '(')), Error);
  EXPECT_THROW(Regex("((a{1000}){1000}){1000}"), Error);
  EXPECT_THROW(Regex("((((){1000}){1000}){1000}){1000}"), Error);
  std::string nested;
  for (int i = 0; i < 100; ++i) nested += "(a?";
  nested += std::string(100, ')');
  EXPECT_TRUE(Regex(nested).matches(std::string(100, 'a')));
}

TEST(Utf8, ReplacesBytesThatAreNoText) {
  for (std::string_view text : {"\x80", "\xc3", "\xe2\x82", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xc0\xaf"}) {
    EXPECT_EQ(take_code_point(text), U'\xfffd');
  }
}

TEST(StringNormalizer, MapsCaseBeyondAscii) {
  const auto y = run_op(
      {"StringNormalizer", 10, {{"case_change_action", "UPPER"}, {"stopwords", std::vector<std::string>{"WEG"}}}},
      {Tensor::of<std::string>({2}, {"\xc3\xa4rger", "weg"})});
  ASSERT_EQ(y[0].tensor.shape(), (Shape{1}));
  EXPECT_EQ(y[0].tensor.as<std::string>()[0], "\xc3\x84RGER");
}

TEST(StringSplit, FollowsPython) {
  const auto y =
      run_op({"StringSplit", 20, {{"maxsplit", int64_t{1}}}, 2}, {Tensor::of<std::string>({2}, {" a  b c ", ""})});
  ASSERT_EQ(y[0].tensor.shape(), (Shape{2, 2}));
  EXPECT_EQ(y[0].tensor.as<std::string>()[1], "b c ");
  EXPECT_EQ(y[1].tensor.as<int64_t>()[1], 0);
}

}  // namespace
}  // namespace mica
