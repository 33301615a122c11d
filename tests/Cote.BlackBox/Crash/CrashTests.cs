using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Cote.BlackBox.Harness;

namespace Cote.BlackBox.Crash;

/// <summary>
/// <c>make crash ROUNDS=100</c>: kill -9 in the middle of everything, again and again, and then the proof that nothing
/// acknowledged was lost, doubled or torn. <c>COTE_CRASH_SEED</c> repeats the choices of a run.
/// </summary>
[Trait("Stage", "slow")]
public sealed partial class CrashTests(PublishedProgram program, ITestOutputHelper output)
{
    const int People = 5;
    const int Each = 10;
    const int Streams = 30;

    static readonly int Rounds = Number("COTE_CRASH_ROUNDS", 3);

    [Fact]
    public async Task After_any_number_of_kills_everything_acknowledged_is_there_once_and_every_reply_has_ended()
    {
        var seed = Number("COTE_CRASH_SEED", Random.Shared.Next());
        output.WriteLine($"COTE_CRASH_SEED={seed} COTE_CRASH_ROUNDS={Rounds}");
        var random = new Random(seed);
        await using var model = await FakeModelServer.Start();
        var story = new Story(model, words: 60, TimeSpan.FromMilliseconds(15));
        await using var node = await Node.With(
            program, model, "Events:ReplayMaxEvents=100000", "Titles:Model=openai/fake").StartAsync();
        var people = new List<Person>();
        for (var i = 0; i < People; i++)
            people.Add(await Person.MakeAsync(node, story, new Random(random.Next())));

        using var end = new CancellationTokenSource();
        var lives = people.Select(x => x.LiveAsync(end.Token)).ToList();
        var starts = new List<double>();
        for (var round = 1; round <= Rounds; round++)
        {
            // A kill before anything was done would prove nothing.
            await Patience.UntilAsync(() => Task.FromResult(people.Sum(x => x.Acknowledged) > Each * round
                || lives.Any(x => x.IsCompleted)), "they write");
            await Task.Delay(random.Next(150, 2_500)); // the moment of the kill is what is tried out
            await node.KillAsync();
            await node.StartAsync();
            starts.Add(node.StartedIn.TotalMilliseconds);
            if (round % 10 == 0)
                output.WriteLine($"{round} kills, {people.Sum(x => x.Acknowledged)} messages acknowledged");
        }
        await Task.Delay(random.Next(150, 1_000)); // people go on for a moment after the last start
        await end.CancelAsync();
        await Task.WhenAll(lives);
        foreach (var person in people)
            await person.CheckAsync(starts.Count + 1);
        foreach (var person in people)
            await person.DisposeAsync();

        starts.Sort();
        output.WriteLine($"Serves {starts[starts.Count / 2]:0} ms after a kill (median; at most {starts[^1]:0} ms).");
        output.WriteLine(
            $"{people.Sum(x => x.Acknowledged)} messages acknowledged, {people.Sum(x => x.Branches)} of them and of "
            + $"replies made anew on other branches, {people.Sum(x => x.Replayed)} repeated sends, "
            + $"{people.Sum(x => x.TitlesMade)} titles made, {people.Sum(x => x.TakenUp)} replies taken up again, {model.Calls} model calls, "
            + $"{people.Sum(x => x.Devices.Sum(y => y.Connections))} connections, "
                + $"{people.Sum(x => x.Devices.Sum(y => y.Frames))} frames.");
        var faults = people.SelectMany(x => x.Faults).ToList();
        if (faults.Count > 0)
            Assert.Fail($"{faults.Count} faults, COTE_CRASH_SEED={seed}:\n"
                + string.Join('\n', faults.Take(10).Select(x => x.Length > 1_000 ? x[..1_000] + "…" : x)));
        node.Output.Split('\n').Where(x => x.Contains("fail:", StringComparison.Ordinal)).ShouldBeEmpty();
        // A run in which nothing was cut off or repeated would have proved nothing.
        people.Sum(x => x.Acknowledged).ShouldBeGreaterThan(Each * Rounds);
        people.Sum(x => x.Replayed).ShouldBeGreaterThan(0);
        people.Sum(x => x.TakenUp).ShouldBeGreaterThan(0);
        people.Sum(x => x.Branches).ShouldBeGreaterThan(0);
        people.Sum(x => x.TitlesMade).ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task A_kill_takes_at_most_the_last_second_of_what_was_shown()
    {
        await using var model = await FakeModelServer.Start();
        var story = new Story(model, words: 2_000, TimeSpan.FromMilliseconds(10));
        await using var node = await Node.With(program, model, "Assistants:MaxTakeovers=0").StartAsync();
        using var ada = await CoteClient.RegisterAsync(node.Url);
        await using var device = new Device(node, ada, story);
        device.Start();
        // What is asked before stands before its beginning: it would see the reply without its question.
        await Patience.UntilAsync(() => Task.FromResult(device.Frames > 0), "the device is ready");
        // A busy machine may hold up one commit for longer than what is left of the second: not each time.
        var (tries, isKept) = (0, false);
        while (!isKept && tries++ < 10)
            isKept = await KillAsync(tries);
        isKept.ShouldBeTrue("in ten tries more than a second was lost each time");
        model.Calls.ShouldBe(tries * Streams);
        device.Faults.ShouldBeEmpty();

        async Task<bool> KillAsync(int number)
        {
            var questions = new Dictionary<string, (string Chat, string Content)>();
            for (var i = 0; i < Streams; i++)
            {
                var (chat, content) = (await ada.CreateChatAsync(), $"question {number}.{i}");
                questions[(await ada.AskAsync(chat, content)).GetProperty("reply_id").GetString()!] = (chat, content);
            }
            await Patience.UntilAsync(() => Task.FromResult(Streams == device.Shown.Where(x => x.Text.Length > 0)
                .Select(x => x.Reply).Intersect(questions.Keys).Count()), "all are shown");
            await Task.Delay(Random.Shared.Next(1_500, 3_000)); // the streams are well under way, at whatever point
            var killed = Stopwatch.GetTimestamp();
            await node.KillAsync();
            var aSecondBefore = killed - Stopwatch.Frequency;
            var promised = device.Shown.Where(x => x.At <= aSecondBefore)
                .GroupBy(x => x.Reply).ToDictionary(x => x.Key, x => x.Last().Text);
            await node.StartAsync();

            var (lost, isKept) = (new List<int>(), true);
            foreach (var (reply, (chat, content)) in questions)
            {
                var kept = await ada.EndOfAsync(chat, reply);
                kept.GetProperty("generation").GetProperty("state").GetString().ShouldBe("interrupted");
                var text = kept.GetProperty("content").GetString()!;
                story.To(content).ShouldStartWith(text);
                promised[reply].Length.ShouldBeGreaterThan(0, "a second before the kill all were shown");
                isKept &= text.StartsWith(promised[reply], StringComparison.Ordinal);
                lost.Add(device.Shown.Last(x => x.Reply == reply && x.At <= killed).Text.Length - text.Length);
            }
            output.WriteLine($"Lost of what was shown: {lost.Average():0} units on average, {lost.Max()} at most; a "
                + "second holds some 300.");
            return isKept;
        }
    }

    [Fact]
    public async Task A_send_whose_answer_was_lost_in_a_kill_is_repeated_to_the_same_message_and_one_reply()
    {
        await using var model = await FakeModelServer.Start();
        var gate = new Gate();
        model.Script = FakeReply.After(gate).Then("Once.");
        await using var node = await Node.With(program, model).StartAsync();
        using var ada = await CoteClient.RegisterAsync(node.Url);
        var chat = await ada.CreateChatAsync();
        var id = Guid.CreateVersion7().ToString();
        JsonElement seen;
        await using (var other = await ada.ConnectAsync())
        {
            // By hand, so that nobody ever reads the answer; that it is committed, the other device tells.
            using var line = new TcpClient();
            await line.ConnectAsync(node.Url.Host, node.Url.Port);
            var body = JsonSerializer.Serialize(new { content = "Did you get this?", id });
            await line.GetStream().WriteAsync(Encoding.UTF8.GetBytes(
                $"POST /chats/{chat}/messages/ HTTP/1.1\r\nHost: cote\r\nAuthorization: Bearer {ada.Token}\r\n"
                + $"Content-Type: application/json\r\nContent-Length: "
                    + $"{Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}"));
            seen = (await other.NextAsync("message")).Data;
            await node.KillAsync();
        }
        await node.StartAsync();
        gate.Open();

        var again = (await ada.PostAsync($"/chats/{chat}/messages/", new { content = "Did you get this?", id })).Ok();
        again.Header("Idempotent-Replayed").ShouldBe("true");
        foreach (var field in new[] { "id", "seq", "timestamp", "content", "reply_id" })
            again[field].ShouldBe(seen.GetProperty(field).ToString());
        var reply = await ada.EndOfAsync(chat, again["reply_id"]);
        reply.GetProperty("content").GetString().ShouldBe("Once.");
        (await ada.MessagesAsync(chat)).Count.ShouldBe(2);
        model.Calls.ShouldBeLessThanOrEqualTo((int)reply.GetProperty("generation").GetProperty("attempt").GetInt64());
    }

    [Fact]
    public async Task A_thousand_parallel_sends_of_one_id_are_one_message_and_one_model_call()
    {
        await using var model = await FakeModelServer.Start();
        await using var node = await Node.With(program, model).StartAsync();
        using var ada = await CoteClient.RegisterAsync(node.Url);
        var chat = await ada.CreateChatAsync();
        var id = Guid.CreateVersion7().ToString();

        var answers = await Task.WhenAll(Enumerable.Range(0, 1_000)
            .Select(_ => ada.PostAsync($"/chats/{chat}/messages/", new { content = "Once!", id })));
        answers.Select(x => x.Status).Distinct().ShouldBe([200]);
        answers.Count(x => x.Header("Idempotent-Replayed") is null).ShouldBe(1);
        answers.Select(x => (x["id"], x["seq"], x["reply_id"])).Distinct().Count().ShouldBe(1);
        await ada.EndOfAsync(chat, answers[0]["reply_id"]);
        (await ada.MessagesAsync(chat)).Count.ShouldBe(2);
        model.Calls.ShouldBe(1);
    }

    internal static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number)
            ? number : otherwise;
}
