using System.Text.Json;
using Cote.Tests.Chats;
using Cote.Tests.Harness;

namespace Cote.Tests.Delivery;

/// <summary>Somebody who watches a live share, and what he was sent.</summary>
sealed class SharedViewer(
    CoteClient owner, CoteClient client, string chat, string path, string shareId, SseReader stream) : IAsyncDisposable
{
    readonly Dictionary<int, string> _texts = [];

    public CoteClient Client => client;
    public string Chat => chat;
    public string Path => path;
    public string ShareId => shareId;
    public List<TestFrame> Frames { get; } = [];

    public static async Task<SharedViewer> OpenAsync(
        CoteApp app, CoteClient owner, string? chat = null, params string[] include)
    {
        chat ??= await owner.CreateChatAsync();
        var share = (await owner.PostAsync(
            $"/chats/{chat}/shares", new { live = true, include, expires_in = 86_400 })).Ok();
        var (client, path) = (app.Anonymous(), Sharing.PathOf(share));
        var viewer = new SharedViewer(owner, client, chat, path, share["id"],
            await client.StreamAsync(HttpMethod.Get, path + "/events"));
        await viewer.ResetAsync("start");
        return viewer;
    }

    public async Task ResetAsync(string reason) =>
        (await UntilAsync(x => x.Type == "reset")).Data.Text("reason").ShouldBe(reason);

    public async Task<(long, string, string)> NextAsync(string type)
    {
        var data = (await UntilAsync(x => x.Type == type)).Data;
        return (data.Number("place"), data.Text("sender"), data.Text("content"));
    }

    public async Task<JsonElement> MessageAsync(int place, string? content) => (await UntilAsync(
        x => x.Type == "message" && x.Data.Number("place") == place
            && (content is null || x.Data.Text("content") == content))).Data;

    /// <summary>Reads on until the text at a place is this one.</summary>
    public async Task ShowsAsync(int place, string text)
    {
        if (_texts.GetValueOrDefault(place) != text)
            await UntilAsync(_ => _texts.GetValueOrDefault(place) == text);
    }

    public async Task EndAsync()
    {
        while (await stream.NextAsync() is { } frame)
            Frames.Add(frame);
    }

    public Task<IEnumerable<string>> ContentsAsync() => client.ContentsAsync(path);

    /// <summary>A question and its reply, shown to the end.</summary>
    public async Task<JsonElement> AskAsync(string text)
    {
        var question = await owner.AskAsync(chat, text);
        await UntilAsync(x => x.Type == "message" && x.Data.Text("sender") == "user");
        await UntilAsync(x => x.Type == "message" && x.Data.Text("sender") == "ai");
        return question;
    }

    async Task<TestFrame> UntilAsync(Func<TestFrame, bool> isLast)
    {
        var limit = Patience.Begin();
        while (true)
        {
            var frame = await stream.NextAsync(limit.Left) ?? throw new InvalidOperationException("It ended.");
            Frames.Add(frame);
            Apply(frame);
            if (isLast(frame))
                return frame;
        }
    }

    void Apply(TestFrame frame)
    {
        if (frame.Type == "reset")
        {
            _texts.Clear();
            return;
        }
        var place = (int)frame.Data.Number("place");
        if (frame.Type != "message.delta")
        {
            _texts[place] = frame.Data.Text("content");
            return;
        }
        var known = _texts[place];
        known.Length.ShouldBe((int)frame.Data.Number("offset"), "a delta goes on where the viewer is");
        _texts[place] = known + frame.Data.Text("text");
    }

    public async ValueTask DisposeAsync()
    {
        await stream.DisposeAsync();
        client.Dispose();
    }
}
