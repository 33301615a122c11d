using System.Diagnostics;
using System.Globalization;
using Cote.Tests.Harness;

namespace Cote.Tests.Chats;

/// <summary><c>make search-figures</c>: what a search of many messages takes, and what the index costs a send. Printed,
/// never judged, and in no stage of the tests.</summary>
[Trait("Stage", "figures")]
public sealed class SearchFiguresTests(ITestOutputHelper output)
{
    const int WordsKnown = 50_000;
    const int Rare = 100_000; // one message in so many has the rare word
    static readonly int Messages = Number("COTE_SEARCH_MESSAGES", 1_000_000);
    const int SendRounds = 5;
    static readonly int Samples = Number("COTE_SEARCH_SAMPLES", 200);

    readonly Random _random = new(1);

    [Fact]
    public async Task A_search_of_many_messages()
    {
        IServiceProvider services = null!;
        await using var app = await CoteApp.StartAsync(x =>
        {
            Searching.WithoutLoop(x);
            x.Map(routes => services = routes.ServiceProvider);
        });
        using var ada = await app.RegisterAsync();
        var chats = new List<string>();
        for (var filled = 0; filled < Messages; filled += 10_000)
        {
            chats.Add(await ada.CreateChatAsync("A chat"));
            await app.FillAsync(ada, chats[^1], Math.Min(10_000, Messages - filled), i => Text(filled + i));
        }
        var began = Stopwatch.GetTimestamp();
        await services.IndexAsync(ada);
        var took = Stopwatch.GetElapsedTime(began);
        output.WriteLine(
            $"{Messages:N0} messages, indexed in {took.TotalSeconds:F0} s: "
            + $"{took.TotalMicroseconds / Messages:F0} µs each.");

        foreach (var query in (string[])[Word(1), Word(40), "zebrafish", "zebra", $"zebrafish {Word(1)}",
            $"{Word(1)} zebra", Word(3)[..2], $"{Word(2)} {Word(30_000)}", $"\"{Word(1)} {Word(2)}\"", "unheardof"])
        {
            var times = new List<double>();
            var hits = 0;
            for (var i = 0; i < Samples + 5; i++)
            {
                var asked = Stopwatch.GetTimestamp();
                hits = (await ada.FindAsync(query)).Count;
                if (i >= 5)
                    times.Add(Stopwatch.GetElapsedTime(asked).TotalMilliseconds);
            }
            output.WriteLine($"{query}: {hits} hits, {Say(times)}");
        }
    }

    // By turns, since the machine has other work too; the first of each is to be warm.
    [Fact]
    public async Task Sends_with_the_index_and_without()
    {
        var (with, without) = (new List<double>(), new List<double>());
        for (var round = 0; round < 2 * SendRounds + 2; round++)
        {
            var times = await SendAsync(round % 2 == 0 ? null : Searching.WithoutLoop);
            if (round > 1)
                (round % 2 == 0 ? with : without).AddRange(times);
        }
        output.WriteLine($"{with.Count:N0} sends of 16 clients: with the index {Say(with)}; without {Say(without)}");
    }

    async Task<List<double>> SendAsync(Action<CoteBuilder>? add)
    {
        const int clients = 16, each = 60;
        await using var app = await CoteApp.StartAsync(add, "Messages:MaxOpenReplies=1000000");
        var times = new List<double>();
        await Task.WhenAll(Enumerable.Range(0, clients).Select(async n =>
        {
            using var client = await app.RegisterAsync();
            var chat = await client.CreateChatAsync();
            for (var i = 0; i < each; i++)
            {
                var sent = Stopwatch.GetTimestamp();
                await client.AskAsync(chat, Text(n * each + i));
                lock (times)
                    times.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
            }
        }));
        return times;
    }

    // Words as rare as they are in languages: the nth has one part in n of the first.
    string Text(int message)
    {
        var words = Enumerable.Range(0, _random.Next(10, 100))
            .Select(_ => Word((int)Math.Pow(WordsKnown, _random.NextDouble())));
        return string.Join(' ', message % Rare == Rare / 2 ? words.Append("zebrafish") : words);
    }

    static string Word(int rank)
    {
        var (hash, word) = ((uint)rank * 2_654_435_761u, new char[2 + rank % 8]);
        for (var i = 0; i < word.Length; i++)
        {
            hash = hash * 1_664_525 + 1_013_904_223;
            word[i] = (char)('a' + (hash >> 24) % 26);
        }
        return new(word);
    }

    static string Say(List<double> times)
    {
        times.Sort();
        return string.Create(CultureInfo.InvariantCulture,
            $"p50 {times[times.Count / 2]:F1} ms, p90 {times[times.Count * 9 / 10]:F1} ms, "
            + $"p99 {times[times.Count * 99 / 100]:F1} ms");
    }

    static int Number(string name, int absent) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var number)
            ? number : absent;
}
