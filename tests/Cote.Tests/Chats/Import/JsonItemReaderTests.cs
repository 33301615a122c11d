using System.Text;
using Cote.Chats;

namespace Cote.Tests.Chats.Import;

[Trait("Rows", "none")]
public sealed class JsonItemReaderTests
{
    [Theory]
    [InlineData("[]", "")]
    [InlineData(" [ 1 , \"a]\\\"\" ,{\"b\":[1,{}]}, null ] ", "1|\"a]\\\"\"|{\"b\":[1,{}]}|null")]
    [InlineData("\uFEFF[1]", "1")]
    [InlineData("""{"a":1,"b":[2]}""", """{"a":1,"b":[2]}""")]
    [InlineData("""{"user":{"id":"x"},"chats":[1,{"y":2}],"tables":{}}""", """1|{"y":2}""")]
    [InlineData("""{"chats":5}""", """{"chats":5}""")]
    [InlineData("{\"a\":1}\n{\"b\":2}\n[3,4]", """{"a":1}|{"b":2}|3|4""")]
    [InlineData("[1,{\"a\":", "1|lost")]
    [InlineData("{\"chats\":[1,{\"a\":2},{\"b", "1|{\"a\":2}|lost")]
    [InlineData("{\"chats\":[1]", "1|lost")]
    [InlineData("[1,", "1|lost")]
    [InlineData("[1] then", "1|lost")]
    [InlineData("{\"a\"", "lost")]
    [InlineData("{a:1}", "lost")]
    public async Task It_finds_the_items_of_a_file(string json, string expected)
    {
        (await ItemsAsync(json, 1_000, json.Length)).ShouldBe(expected);
        (await ItemsAsync(json, 1_000, 1)).ShouldBe(expected, "the bytes come one by one");
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("hello")]
    [InlineData("5")]
    public async Task What_is_no_JSON_is_refused(string text) =>
        (await Should.ThrowAsync<ProblemException>(() => ItemsAsync(text, 1_000, 10))).Problem.Status.ShouldBe(422);

    [Fact]
    public async Task An_item_that_is_too_long_is_passed_over_and_the_others_are_read()
    {
        var longest = 128 * 1_024;
        var text = new string('x', longest);

        (await ItemsAsync($"""[1,"{text}",2,["{text}","{text}"],3]""", longest, 4_096)).ShouldBe("1|lost|2|lost|3");
        (await ItemsAsync($$"""{"a":"{{text}}","b":"{{text}}","chats":[7]}""", longest, 4_096)).ShouldBe("7");
        (await ItemsAsync($$"""{"a":"{{text}}"} 8 [9]""", longest, 4_096)).ShouldBe("lost|lost");
    }

    [Fact]
    public async Task Whatever_bytes_come_it_ends()
    {
        var random = new Random(4);
        for (var round = 0; round < 2_000; round++)
        {
            var marks = """[]{}",:\ 1a""";
            var rest = Enumerable.Range(0, random.Next(40)).Select(_ => marks[random.Next(marks.Length)]);
            var text = "[{"[random.Next(2)] + string.Concat(rest);
            await ItemsAsync(text, 64 * 1_024, 3);
        }
    }

    static async Task<string> ItemsAsync(string text, int longest, int chunk)
    {
        var reader = new JsonItemReader(new Trickle(Encoding.UTF8.GetBytes(text), chunk), longest);
        var items = new List<string>();
        await foreach (var item in reader.ReadAsync(TestContext.Current.CancellationToken))
            items.Add(item.Json.IsEmpty ? "lost" : Encoding.UTF8.GetString(item.Json.Span));
        return string.Join('|', items);
    }

    sealed class Trickle(byte[] bytes, int chunk) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, chunk)], cancellationToken);
    }
}
