using Cote.Models;

namespace Cote.Tests.Models;

public sealed class ThinkTagsTests
{
    [Theory]
    [InlineData("<think>hm</think>answer", "hm", "answer", false)]
    [InlineData(" \n<think>\n\nhm\n\n</think>\n\n answer \n", "hm", "answer \n", false)]
    [InlineData("<think>two  words\n\nand more </think>answer", "two  words\n\nand more", "answer", false)]
    [InlineData("<think></think>answer", "", "answer", false)]
    [InlineData("<think> \n </think> \n ", "", "", false)]
    [InlineData("<think>a</think><think>b</think>c", "a", "<think>b</think>c", false)]
    [InlineData("<think>a<think>b</think>c</think>d", "a<think>b", "c</think>d", false)]
    [InlineData("<think>a</thin </thinkk></</think>b", "a</thin </thinkk></", "b", false)]
    [InlineData("<think>a < b <</think>c", "a < b <", "c", false)]
    [InlineData("<think>hm", "hm", "", true)]
    [InlineData("<think>hm \n</think", "hm \n</think", "", true)]
    [InlineData("<think>", "", "", true)]
    [InlineData("<think> \n", "", "", true)]
    [InlineData("<think>😀</think>😀", "😀", "😀", false)]
    [InlineData("😀<think>hm</think>", "", "😀<think>hm</think>", false)]
    [InlineData("answer <think>hm</think>", "", "answer <think>hm</think>", false)]
    [InlineData(" \n answer", "", " \n answer", false)]
    [InlineData(" \n ", "", " \n ", false)]
    [InlineData("<thinking>hm</thinking>", "", "<thinking>hm</thinking>", false)]
    [InlineData("<Think>hm</Think>", "", "<Think>hm</Think>", false)]
    [InlineData("< think>hm", "", "< think>hm", false)]
    [InlineData("<<think>hm</think>", "", "<<think>hm</think>", false)]
    [InlineData("</think>hm", "", "</think>hm", false)]
    [InlineData("  <thin", "", "  <thin", false)]
    [InlineData("<thin k>hm", "", "<thin k>hm", false)]
    [InlineData("", "", "", false)]
    public void Thoughts_and_text_are_the_same_however_the_text_is_cut(
        string text, string thought, string answer, bool isOpen)
    {
        for (var first = 0; first <= text.Length; first++)
            for (var second = first; second <= text.Length; second++)
                Split(text[..first], text[first..second], text[second..]).ShouldBe((thought, answer, isOpen));
        Split([.. text.Select(x => x.ToString())]).ShouldBe((thought, answer, isOpen));
    }

    [Theory]
    [InlineData("<think>")]
    [InlineData("<think>a")]
    [InlineData("")]
    public void At_most_seven_letters_are_held_back(string begin)
    {
        for (var length = 0; length <= "</think>".Length; length++)
        {
            var tags = new ThinkTags();
            var before = Length(tags.Next(begin));
            var tag = begin.Length == 0 ? "<think>" : "</think>";
            var text = string.Concat(tag.AsSpan(0, Math.Min(length, tag.Length - 1)), "");

            var given = before + Length(tags.Next(text));
            var rest = Length(tags.Finish());

            rest.ShouldBeLessThanOrEqualTo(7);
            (given + rest).ShouldBe(begin.Replace("<think>", "", StringComparison.Ordinal).Length + text.Length);
            tags.Finish().ShouldBeEmpty("nothing is given twice");
        }
    }

    [Fact]
    public void White_space_without_end_is_not_held_without_end()
    {
        var text = new string(' ', 3_000) + "<think>hm";
        var thought = "<think>a" + new string('\n', 3_000) + "b</think>";

        Split([.. text.Select(x => x.ToString())]).ShouldBe(("", text, false));
        Split(thought).ShouldBe(("a" + new string('\n', 3_000) + "b", "", false));
        Length(new ThinkTags().Next(new string(' ', 3_000))).ShouldBeGreaterThan(1_900);
    }

    [Fact]
    public void Text_after_the_tag_is_passed_on_as_it_comes()
    {
        var tags = new ThinkTags();
        tags.Next("<think>hm</think>").ShouldBe([(true, "hm")]);
        tags.Next("\n").ShouldBeEmpty();
        tags.Next("an").ShouldBe([(false, "an")]);
        tags.Next("swer <thin").ShouldBe([(false, "swer <thin")]);
        tags.Next("").ShouldBeEmpty();
        tags.IsOpen.ShouldBeFalse();
    }

    static (string Thought, string Answer, bool IsOpen) Split(params string[] pieces)
    {
        var tags = new ThinkTags();
        var all = pieces.SelectMany(tags.Next).ToList();
        all.AddRange(tags.Finish());
        all.ShouldAllBe(x => x.Text.Length > 0);
        all.SkipWhile(x => x.IsReasoning).ShouldAllBe(x => !x.IsReasoning, "thoughts come first");
        return (Join(isReasoning: true), Join(isReasoning: false), tags.IsOpen);

        string Join(bool isReasoning) =>
            string.Concat(all.Where(x => x.IsReasoning == isReasoning).Select(x => x.Text));
    }

    static int Length(IEnumerable<(bool, string Text)> pieces) => pieces.Sum(x => x.Text.Length);
}
