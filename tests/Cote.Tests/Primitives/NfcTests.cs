using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Cote.Primitives;

namespace Cote.Tests.Primitives;

public sealed class NfcTests
{
    // Of ICU (Unicode 17) over the strings that the test below makes.
    const string Reference = "6e2a26c36ce408f722c89182310eed74b3f1cedac0686acadfc2c2f33d6ef12f";

    [Theory]
    [InlineData("plain ASCII", "plain ASCII")]
    [InlineData("", "")]
    [InlineData("e\u0301", "é")]
    [InlineData("o\u0302\u0323", "\u1ed9")] // the marks of Vietnamese, in the order in which no table has them
    [InlineData("\u1112\u1161\u11ab", "한")]
    [InlineData("\uac00\u11a8", "각")]
    [InlineData("か\u3099", "が")]
    [InlineData("\u212b", "Å")] // Ångström's sign is the letter
    [InlineData("\u0958", "\u0915\u093c")] // a letter that never composes
    [InlineData("ﬁ１", "ﬁ１")] // what only looks alike stays apart
    [InlineData("🕊e\u0301🕊", "🕊é🕊")]
    public void Letters_that_are_typed_in_parts_become_one(string typed, string normalized)
    {
        Nfc.Normalize(typed).ShouldBe(normalized);
        Nfc.Normalize(normalized).ShouldBe(normalized);
    }

    [Fact]
    public void Half_a_surrogate_pair_is_left_alone() => Nfc.Normalize("e\u0301\ud800").ShouldBe("e\u0301\ud800");

    [Fact]
    public void It_agrees_with_ICU_on_every_letter_and_mark_that_it_knows()
    {
        List<string> letters = [], marks = [];
        using var table = new StreamReader(typeof(Nfc).Assembly.GetManifestResourceStream("nfc.txt")!);
        while (table.ReadLine() is { } line)
        {
            var fields = line.Split(' ');
            if (fields[0] == "#")
                continue;
            var isLetter = fields[1] is "=" or ">";
            var point = int.Parse(isLetter ? fields[0] : fields[1], NumberStyles.HexNumber,
                CultureInfo.InvariantCulture);
            (isLetter ? letters : marks).Add(char.ConvertFromUtf32(point));
        }
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var count = 0;
        foreach (var letter in letters.Concat(marks))
        {
            foreach (var mark in new[] { "", "\u0301", "\u0323" })
            {
                var first = marks[count++ % marks.Count];
                var last = marks[count * 7 % marks.Count];
                hash.AppendData(Encoding.UTF8.GetBytes(Nfc.Normalize($"{letter}{first}{mark}{last}\n")));
            }
        }

        count.ShouldBe(7_347);
        Convert.ToHexStringLower(hash.GetHashAndReset()).ShouldBe(Reference);
    }
}
