using Cote.BlackBox.Crash;
using Cote.BlackBox.Harness;

namespace Cote.BlackBox.Clients;

/// <summary>
/// Clients that do anything in any order while the server is killed, their lines are cut and they themselves end: what
/// they show at the end is what the server answers. <c>COTE_CRASH_SEED</c> repeats the choices of a run.
/// </summary>
[Trait("Stage", "slow")]
public sealed class DotNetClientCrashTests(PublishedProgram program, ITestOutputHelper output)
{
    static readonly int Rounds = CrashTests.Number("COTE_CRASH_ROUNDS", 20);

    [Fact]
    public async Task After_any_number_of_kills_and_cuts_clients_show_what_the_server_has()
    {
        var seed = CrashTests.Number("COTE_CRASH_SEED", Random.Shared.Next());
        output.WriteLine($"COTE_CRASH_SEED={seed} COTE_CRASH_ROUNDS={Rounds}");
        var random = new Random(seed);
        await using var model = await FakeModelServer.Start();
        var story = new Story(model, words: 40, TimeSpan.FromMilliseconds(10));
        await using var node = await Node.With(program, model).StartAsync();
        await using var line = new CuttingProxy(node.Url.Port);
        var person = await WanderingPerson.BeginAsync(node, line, new(random.Next()));

        for (var round = 1; round <= Rounds; round++)
        {
            var before = person.Acknowledged;
            using var end = new CancellationTokenSource();
            var lives = person.LiveAsync(end.Token);
            await Task.Delay(random.Next(100, 1_000)); // the moment of the cut is what is tried out
            line.CutAll();
            // A kill before anything was done would prove nothing.
            await Patience.UntilAsync(
                () => Task.FromResult(person.Acknowledged > before || lives.IsCompleted), "they write");
            await Task.Delay(random.Next(50, 1_000)); // and that of the kill
            await node.KillAsync();
            if (round % 3 == 0)
                await person.BeginAnewAsync();
            await node.StartAsync();
            await end.CancelAsync();
            await lives.InTimeAsync();
        }
        var faults = await person.CheckAsync(story);

        output.WriteLine(person.Summary);
        faults.ShouldBeEmpty();
        // A run in which nothing was repeated, branched or taken up would have proved nothing.
        person.Acknowledged.ShouldBeGreaterThan(Rounds);
        person.Branches.ShouldBeGreaterThan(0);
        person.LostAnswers.ShouldBeGreaterThan(0);
        await person.DisposeAsync();
    }
}
