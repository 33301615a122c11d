using System.Globalization;
using System.Text.RegularExpressions;
using Cote.Events;
using FsCheck;
using FsCheck.Fluent;

namespace Cote.Tests.Events;

public sealed class CursorTests
{
    [Theory]
    [InlineData("a-0", 0)]
    [InlineData("0123456789abcdefghijklmnopqrstuv-9223372036854775807", long.MaxValue)]
    [InlineData("z9-0000000000000000007", 7)]
    public void A_cursor_is_an_epoch_and_a_number(string text, long seq)
    {
        var cursor = Cursor.Parse(text).ShouldNotBeNull();

        cursor.Epoch.ShouldBe(text.Split('-')[0]);
        cursor.Seq.ShouldBe(seq);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("a")]
    [InlineData("a-")]
    [InlineData("-1")]
    [InlineData("a-1-2")]
    [InlineData("a--1")]
    [InlineData("a-+1")]
    [InlineData("a- 1")]
    [InlineData("a-1 ")]
    [InlineData("A-1")]
    [InlineData("ä-1")]
    [InlineData("a-١")]
    [InlineData("a-9223372036854775808")]
    [InlineData("a-00000000000000000001")]
    [InlineData("0123456789abcdefghijklmnopqrstuvw-1")]
    public void Anything_else_is_malformed(string text) => Cursor.Parse(text).ShouldBeNull();

    [Fact]
    public void Every_cursor_reads_back_as_itself() => Check.QuickThrowOnFailure(Prop.ForAll(
        ArbMap.Default.ArbFor<NonNegativeInt>(), ArbMap.Default.ArbFor<PositiveInt>(), (seq, epoch) =>
        {
            var cursor = new Cursor(epoch.Get.ToString("x", CultureInfo.InvariantCulture),
                (long)seq.Get * int.MaxValue);
            return Cursor.Parse(cursor.ToString()) == cursor;
        }));

    [Fact]
    public void Exactly_the_texts_of_the_contract_are_cursors()
    {
        var pieces = Gen.Elements("a", "z", "0", "9", "-", "A", "", " ", "\n", "é", "9223372036854775807",
            "9223372036854775808", "abcdefghijklmnop");
        Check.QuickThrowOnFailure(Prop.ForAll(Gen.ListOf(pieces).ToArbitrary(), some =>
        {
            var text = string.Concat(some);
            var fits = Regex.IsMatch(text, @"\A[0-9a-z]{1,32}-[0-9]{1,19}\z")
                && long.TryParse(text.Split('-')[1], NumberStyles.None, CultureInfo.InvariantCulture, out _);
            return Cursor.Parse(text) is not null == fits;
        }));
    }
}
