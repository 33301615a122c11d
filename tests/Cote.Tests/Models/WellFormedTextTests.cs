using Cote.Models;
using FsCheck;
using FsCheck.Fluent;

namespace Cote.Tests.Models;

public sealed class WellFormedTextTests
{
    [Theory]
    [InlineData("")]
    [InlineData("plain")]
    [InlineData("wörld 鸽子 🕊️ 👩‍👩‍👧‍👦")]
    public void Text_that_is_well_formed_is_handed_through_as_it_is(string text)
    {
        new WellFormedText().Next(text).ShouldBeSameAs(text);
    }

    [Fact]
    public void U_0000_and_lone_surrogates_become_the_replacement_character()
    {
        Filter("a\0b", "\ude00c", "\ud83d", "\ud83dx").ShouldBe("a\uFFFDb\uFFFDc\uFFFD\uFFFDx");
    }

    [Fact]
    public void Half_a_pair_is_held_back_until_its_other_half_arrives()
    {
        var filter = new WellFormedText();

        filter.Next("a\ud83d").ShouldBe("a");
        filter.Next("").ShouldBe("");
        filter.Next("\ude00b").ShouldBe("😀b");
        filter.Finish().ShouldBe("");
    }

    [Fact]
    public void Half_a_pair_at_the_end_of_the_stream_is_replaced_once()
    {
        var filter = new WellFormedText();

        filter.Next("a\ud83d").ShouldBe("a");
        filter.Finish().ShouldBe("\uFFFD");
        filter.Finish().ShouldBe("");
    }

    [Fact]
    public void Any_split_gives_the_text_of_the_whole_and_it_is_well_formed()
    {
        // Surrogates and U+0000 are one character in three here: in ordinary random text they hardly ever meet.
        var chars = Gen.OneOf(
            Gen.Elements('\0', '\ud83d', '\ude00', '\udbff', '\udfff'),
            Gen.Elements('a', ' ', 'ö', '鸽', '\uFFFD', '\ue000'),
            Gen.Choose(0, 0xFFFF).Select(code => (char)code));
        var chunks = chars.ArrayOf().Select(text => new string(text)).ListOf();

        Check.QuickThrowOnFailure(Prop.ForAll(chunks.ToArbitrary(), parts =>
        {
            var split = Filter([.. parts]);
            return split == Filter(string.Concat(parts)) && split == Expected(string.Concat(parts));
        }));
    }

    /// <summary>The framework repairs a string when it walks over its runes.</summary>
    static string Expected(string text) =>
        string.Concat(text.EnumerateRunes().Select(rune => rune.Value == 0 ? "\uFFFD" : rune.ToString()));

    static string Filter(params string[] chunks)
    {
        var filter = new WellFormedText();
        return string.Concat(chunks.Select(filter.Next)) + filter.Finish();
    }
}
