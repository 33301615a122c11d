using System.Diagnostics;
using Cote.BlackBox.Crash;
using Cote.BlackBox.Harness;

namespace Cote.BlackBox;

/// <summary>
/// <c>make soak MINUTES=30</c>: people come, ask, read a little or all, and go; memory must not grow with them.
/// </summary>
[Trait("Stage", "slow")]
[Collection(nameof(Alone))]
public sealed class SoakTests(PublishedProgram program, ITestOutputHelper output)
{
    const int People = 8;
    const long Tolerance = 24 * 1_048_576;

    static readonly TimeSpan Length = CrashTests.Number("COTE_SOAK_MINUTES", 0) is > 0 and var minutes
        ? TimeSpan.FromMinutes(minutes) : TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Memory_stays_flat_over_thousands_of_connections_replies_and_disconnections()
    {
        await using var model = await FakeModelServer.Start();
        await using var node = await Node.With(program, model, "Assistants:Default=demo/instant").StartAsync();
        using var end = new CancellationTokenSource(Length);
        var (connections, replies) = (0, 0);
        var people = Enumerable.Range(0, People).Select(x => Task.Run(() => LiveAsync(new Random(x)))).ToList();

        var resident = new List<long>();
        using var often = new PeriodicTimer(Length / 60);
        var began = Stopwatch.GetTimestamp();
        while (!end.IsCancellationRequested)
        {
            await often.WaitForNextTickAsync(CancellationToken.None);
            resident.Add(node.Resident);
            if (resident.Count % 6 == 0)
                output.WriteLine(
                    $"{Stopwatch.GetElapsedTime(began).TotalSeconds,6:0} s  {resident[^1] / 1_048_576.0,6:0.0} MB  "
                    + $"{connections,9:N0} connections  {replies,9:N0} replies");
        }
        await Task.WhenAll(people);

        var third = resident.Count / 3;
        var (middle, last) = (Median(resident[third..(2 * third)]), Median(resident[(2 * third)..]));
        output.WriteLine(
            $"Resident memory: median {middle / 1_048_576.0:0.0} MB in the middle third, "
            + $"{last / 1_048_576.0:0.0} MB in the last.");
        connections.ShouldBeGreaterThan((int)(10 * Length.TotalSeconds));
        last.ShouldBeLessThan(middle + (middle / 5) + Tolerance);
        node.Output.Split('\n').Where(x => x.Contains("fail:", StringComparison.Ordinal)).ShouldBeEmpty();

        async Task LiveAsync(Random random)
        {
            while (!end.IsCancellationRequested)
            {
                // forgotten users must not stay in memory either
                using var person = await CoteClient.RegisterAsync(node.Url);
                for (var chats = 0; chats < 60 && !end.IsCancellationRequested; chats++)
                {
                    var chat = await person.CreateChatAsync();
                    for (var turns = 0; turns < 4; turns++)
                        await TurnAsync(person, chat, random);
                }
            }
        }

        async Task TurnAsync(CoteClient person, string chat, Random random)
        {
            Interlocked.Increment(ref connections);
            Interlocked.Increment(ref replies);
            var path = $"/chats/{chat}/messages/";
            switch (random.Next(6))
            {
                case 0:
                    await using (
                        var stream = await person.StreamAsync(
                        HttpMethod.Post, path, new { content = "Read to the end" }))
                        await stream.ToEndAsync();
                    break;
                case 1:
                    await using (
                        var stream = await person.StreamAsync(
                        HttpMethod.Post, path, new { content = "Read the beginning" }))
                        await stream.NextAsync();
                    break;
                case 2:
                    await person.AskAsync(chat, "Poll");
                    (await person.GetAsync("/events?wait=0")).Ok();
                    break;
                default:
                    await using (var socket = await person.ConnectAsync())
                    {
                        var question = await person.AskAsync(chat, "Over a socket");
                        if (random.Next(3) > 0)
                            await socket.EndOfAsync(question.GetProperty("reply_id").GetString()!);
                    }
                    break;
            }
        }
    }

    static long Median(List<long> values) => values.Order().ElementAt(values.Count / 2);
}
