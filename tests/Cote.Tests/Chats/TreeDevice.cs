using System.Text.Json;
using System.Text.Json.Nodes;
using Cote.Tests.Harness;

namespace Cote.Tests.Chats;

/// <summary>
/// A client as docs/realtime.md describes it: one that shows a path alone, or one that keeps the tree. What it knows it
/// has from frames, and from the fetches that they ask for.
/// </summary>
sealed class TreeDevice(CoteClient first, bool keepsTree) : IAsyncDisposable
{
    readonly Dictionary<string, SortedDictionary<long, JsonElement>> _chats = [];
    readonly Dictionary<string, string?> _leaves = [];
    readonly Dictionary<string, string> _last = [];
    TestSocket? _socket;
    string? _cursor;
    long _applied;

    public bool KeepsTree => keepsTree;

    public CoteClient Client { get; private set; } = first;

    /// <summary>Connects, where the last connection ended.</summary>
    public async Task ConnectAsync(Uri url)
    {
        if (url != Client.Url)
            Client = new CoteClient(url) { Token = Client.Token };
        await DropAsync();
        _cursor ??= (await Client.GetAsync("/events")).Ok()["cursor"].Split('-')[0] + "-0";
        _socket = await Client.ConnectAsync(_cursor);
    }

    /// <summary>Applies what has come, and loses the connection.</summary>
    public async Task DropAsync()
    {
        if (_socket is null)
            return;
        foreach (var frame in _socket.All)
            await ApplyAsync(frame);
        await _socket.DisposeAsync();
        _socket = null;
    }

    /// <summary>Applies all up to a cursor.</summary>
    public async Task CatchUpAsync(string cursor)
    {
        var end = long.Parse(cursor.Split('-')[1]);
        var limit = Patience.Begin();
        while (_socket!.All.Durable().LastOrDefault() is not { } last || last.Seq < end)
            await _socket.NextAsync(limit.Left);
        foreach (var frame in _socket.All)
            await ApplyAsync(frame);
    }

    public IEnumerable<JsonElement> PathOf(string chat)
    {
        var messages = MessagesOf(chat);
        if (!keepsTree)
            return WithParents(messages.Values);
        var byId = messages.Values.ToDictionary(x => x.Text("id"));
        var path = new List<JsonElement>();
        for (var id = _leaves.GetValueOrDefault(chat); id is not null; id = ParentOf(byId[id]))
            path.Insert(0, byId[id]);
        // The place among siblings and the flag are what it derives itself.
        return path.Select(x => WithPlace(x, byId.Values));
    }

    // On a path the parent is the message before. A frame that was written before a deletion names the parent of then,
    // and a fetch after the deletion has left that one out: nothing the device has says what it followed.
    static IEnumerable<JsonElement> WithParents(IEnumerable<JsonElement> path)
    {
        string? before = null;
        foreach (var message in path)
        {
            yield return With(message, "parent_id", before);
            before = message.Text("id");
        }
    }

    public string? LastOf(string chat) => _last.GetValueOrDefault(chat);

    public async ValueTask DisposeAsync()
    {
        if (_socket is not null)
            await _socket.DisposeAsync();
    }

    SortedDictionary<long, JsonElement> MessagesOf(string chat) =>
        _chats.TryGetValue(chat, out var known) ? known : _chats[chat] = [];

    async Task ApplyAsync(TestFrame frame)
    {
        if (frame.Cursor is null || frame.Seq <= _applied)
            return;
        (_applied, _cursor) = (frame.Seq, frame.Cursor);
        var data = frame.Data;
        switch (frame.Type)
        {
            case "message":
                ApplyMessage(data);
                break;
            case "message.deleted":
                Delete(data.Text("chat_id"), data.Text("message_id"));
                break;
            case "chat.path":
                await ApplyPathAsync(data);
                break;
        }
    }

    void ApplyMessage(JsonElement message)
    {
        var chat = message.Text("chat_id");
        var messages = MessagesOf(chat);
        if (keepsTree || message.IsOnPath())
            messages[message.Number("seq")] = message;
        else
            messages.Remove(message.Number("seq"));
        if (!message.IsOnPath())
            return;
        // Sent at the end of the path, or ended there.
        if (message.Text("sender") == "user" || message.Text("content").Length > 0)
            _last[chat] = message.Text("content");
        if (message.Text("sender") == "ai" && !messages.Values.Any(x => ParentOf(x) == message.Text("id")))
            _leaves[chat] = message.Text("id");
    }

    void Delete(string chat, string id)
    {
        var messages = MessagesOf(chat);
        if (messages.Values.FirstOrDefault(x => x.Text("id") == id) is not { ValueKind: JsonValueKind.Object } gone)
            return;
        messages.Remove(gone.Number("seq"));
        foreach (var (seq, child) in messages.Where(x => ParentOf(x.Value) == id).ToList())
            messages[seq] = With(child, "parent_id", ParentOf(gone));
    }

    async Task ApplyPathAsync(JsonElement path)
    {
        var (chat, after) = (path.Text("chat_id"), path.Number("after_seq"));
        _leaves[chat] = path.GetProperty("leaf_id").GetString();
        _last[chat] = path.Text("last_message_content");
        var messages = MessagesOf(chat);
        if (!keepsTree)
            foreach (var seq in messages.Keys.Where(x => x > after).ToList())
                messages.Remove(seq);
        for (var next = $"/chats/{chat}/messages/?after={after}&limit=7"; next is not null;)
        {
            var page = await Client.GetAsync(next);
            foreach (var message in page.Ok().Json.EnumerateArray())
                messages[message.Number("seq")] = message;
            next = page.NextPage;
        }
    }

    static JsonElement WithPlace(JsonElement message, IEnumerable<JsonElement> all)
    {
        var json = JsonObject.Create(message)!;
        json.Remove("on_path");
        json.Remove("siblings");
        JsonElement[] versions = [.. all.Where(x => x.Text("sender") == message.Text("sender")
            && ParentOf(x) == ParentOf(message))];
        if (versions.Length > 1)
        {
            var place = Array.FindIndex(versions, x => x.Text("id") == message.Text("id"));
            json["siblings"] = new JsonObject
            {
                ["index"] = place + 1,
                ["count"] = versions.Length,
                ["previous"] = place > 0 ? versions[place - 1].Text("id") : null,
                ["next"] = place + 1 < versions.Length ? versions[place + 1].Text("id") : null,
            };
        }
        return JsonElement.Parse(json.ToJsonString());
    }

    static string? ParentOf(JsonElement message) => message.GetProperty("parent_id").GetString();

    static JsonElement With(JsonElement message, string field, string? value)
    {
        var json = JsonObject.Create(message)!;
        json[field] = value;
        return JsonElement.Parse(json.ToJsonString());
    }
}
