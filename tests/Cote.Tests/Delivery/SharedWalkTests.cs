using Cote.Tests.Chats;
using Cote.Tests.Harness;

namespace Cote.Tests.Delivery;

/// <summary>
/// A viewer as docs/sharing.md describes it, while the owner does whatever an owner may do: in the end it shows what
/// the owner sees.
/// </summary>
public sealed class SharedWalkTests(LiveApp live) : IClassFixture<LiveApp>
{
    const int Steps = 40;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Whatever_the_owner_does_the_viewer_ends_with_the_path_of_the_owner(int seed)
    {
        var random = new Random(seed);
        using var ada = await live.RegisterAsync();
        using var nobody = live.App.Anonymous();
        var chat = await ada.CreateChatAsync();
        var path = await ada.ShareAsync(chat, new { live = true });
        await using var stream = await nobody.StreamAsync(HttpMethod.Get, path + "/events");
        var viewer = new Watcher(nobody, path);
        var watching = viewer.RunAsync(stream);

        for (var step = 0; step < Steps; step++)
            await StepAsync(ada, chat, random, step);

        await Patience.UntilAsync(async () =>
        {
            var seen = await ada.MessagesAsync(chat);
            return seen.All(
                x => x.Text("sender") == "user" || x.Text("generation", "state") is "completed" or "stopped")
                && viewer.Shown.SequenceEqual(seen.Select(x => $"{x.Text("sender")}: {x.Text("content")}"));
        }, $"seed {seed}: the viewer shows what the owner sees");
        viewer.Resets.ShouldBeGreaterThan(3);
        viewer.Others.ShouldBeGreaterThan(10);
        await stream.DisposeAsync();
        await watching.InTimeAsync();
    }

    static async Task StepAsync(CoteClient ada, string chat, Random random, int step)
    {
        var tree = (await ada.GetAsync($"/chats/{chat}/messages/?branches=all")).Ok().Json.EnumerateArray().ToList();
        var questions = tree.Where(x => x.Text("sender") == "user").Select(x => x.Text("id")).ToList();
        var (messages, any) = ($"/chats/{chat}/messages", tree.Count == 0 ? "" : random.Pick(tree).Text("id"));
        _ = (tree.Count == 0 ? 0 : random.Next(8)) switch
        {
            4 => await ada.PostAsync(
                messages, new { content = $"{step}, edited", version_of = random.Pick(questions) }),
            5 => await ada.PutAsync($"/chats/{chat}/leaf", new { message_id = any }),
            6 => await ada.DeleteAsync($"{messages}/{any}"),
            7 => await ada.PostAsync($"{messages}/{random.Pick(questions)}/regenerate", new { stop = true }),
            3 => await ada.PatchAsync($"/chats/{chat}", new { title = $"title {step}" }),
            _ => await ada.PostAsync(messages, new { content = $"{step}" }),
        };
    }

    /// <summary>Fetches at each <c>reset</c>, and applies what it is told.</summary>
    sealed class Watcher(CoteClient client, string path)
    {
        readonly Lock _gate = new();
        readonly SortedDictionary<long, (string Sender, string Text)> _messages = [];

        public int Resets { get; private set; }
        public int Others { get; private set; }

        public IReadOnlyList<string> Shown
        {
            get
            {
                lock (_gate)
                    return [.. _messages.Values.Select(x => $"{x.Sender}: {x.Text}")];
            }
        }

        public async Task RunAsync(SseReader stream)
        {
            try
            {
                while (await stream.NextAsync() is { } frame)
                {
                    var fetched = frame.Type == "reset" ? await client.ShownAsync(path) : [];
                    lock (_gate)
                        Apply(frame, fetched);
                }
            }
            catch (Exception error) when (error is IOException or ObjectDisposedException or OperationCanceledException)
            {
                // The test has ended.
            }
        }

        void Apply(TestFrame frame, IReadOnlyList<System.Text.Json.JsonElement> fetched)
        {
            if (frame.Type == "reset")
            {
                Resets++;
                _messages.Clear();
                foreach (var message in fetched)
                    _messages[message.Number("place")] = (message.Text("sender"), message.Text("content"));
                return;
            }
            Others++;
            var place = frame.Data.Number("place");
            if (frame.Type != "message.delta")
                _messages[place] = (frame.Data.Text("sender"), frame.Data.Text("content"));
            else if (_messages.GetValueOrDefault(place).Text is { } text
                && (int)frame.Data.Number("offset") is var offset && offset <= text.Length)
                _messages[place] = ("ai", text[..offset] + frame.Data.Text("text"));
        }
    }
}

static class Picking
{
    public static T Pick<T>(this Random random, IReadOnlyList<T> items) => items[random.Next(items.Count)];
}
