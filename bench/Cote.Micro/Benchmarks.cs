using BenchmarkDotNet.Attributes;
using Cote.Chats;
using Cote.Delivery;
using Cote.Events;
using Cote.Replies;
using Cote.Users;
using Microsoft.AspNetCore.Http;

namespace Cote.Micro;

/// <summary>What every request pays: a token that was found good before.</summary>
public class TokenCheck
{
    readonly DefaultHttpContext _http = new();
    OpenServices _services = null!;
    AccessTokens _tokens = null!;
    string _token = "";

    [GlobalSetup]
    public async Task SetUp()
    {
        _services = await OpenServices.OpenAsync();
        _tokens = _services.Get<AccessTokens>();
        _token = await _services.LogInAsync();
        if (!await Hit())
            throw new InvalidOperationException("The token is not good.");
    }

    [Benchmark]
    public async Task<bool> Hit() =>
        (await _tokens.ReadAsync(_token, _http, CancellationToken.None)).User is not null;

    [GlobalCleanup]
    public async Task CleanUp() => await _services.DisposeAsync();
}

/// <summary>A page of 50 messages, from the rows and from memory, to the bytes of the answer.</summary>
public class ListOfMessages
{
    OpenServices _services = null!;
    MessageStore _store = null!;
    string _chat = "";
    IReadOnlyList<Message> _list = [];

    [GlobalSetup]
    public async Task SetUp()
    {
        _services = await OpenServices.OpenAsync();
        _store = _services.Get<MessageStore>();
        (_chat, _) = await _services.ChatAsync(50);
        _list = await ReadAsync();
        if (_list.Count != 50)
            throw new InvalidOperationException($"There are {_list.Count} messages.");
    }

    [Benchmark]
    public async Task<int> RowsToBytes() => Write(await ReadAsync());

    [Benchmark]
    public int ToBytes() => Write(_list);

    [GlobalCleanup]
    public async Task CleanUp() => await _services.DisposeAsync();

    Task<IReadOnlyList<Message>> ReadAsync() =>
        _store.ListBeforeAsync(
            _services.UserId, _chat, Branches.Path, PartsView.Light, long.MaxValue, 1_001, _ => false,
            CancellationToken.None);

    static int Write(IReadOnlyList<Message> list) =>
        ApiResults.Write(json => System.Text.Json.JsonSerializer.Serialize(json, list, WireJson.MessageList)).Length;
}

/// <summary>One token of a reply to all readers of its user: what is paid once, and what for each.</summary>
public class FanOut
{
    const int TokensOfReply = 500;

    OpenServices _services = null!;
    StreamingReply _streaming = null!;
    Subscription[] _readers = [];
    ReplyPosition[] _places = [];
    readonly List<Frame> _frames = [];
    int _tokens;
    long _attempt = 1;

    [Params(1, 1_000)]
    public int Readers { get; set; }

    [GlobalSetup]
    public async Task SetUp()
    {
        _services = await OpenServices.OpenAsync();
        var (sources, user) = (
            _services.Get<Subscriptions>(), new CurrentUser(_services.UserId, "bench", new(long.MaxValue)));
        _streaming = sources.Streaming.Begin(
            _services.UserId,
            new("chat", "reply", "question", 2, "openai/bench", 0, 1, "", ReplyParts.None, new("question")));
        _places = new ReplyPosition[Readers];
        _readers = new Subscription[Readers];
        for (var i = 0; i < Readers; i++)
            _readers[i] = await sources.OpenAsync(
                user, SubscriptionKind.Connection, PartsView.Light, null, true, CancellationToken.None);
        if (await ThroughReaders() < Readers)
            throw new InvalidOperationException("Not every reader was shown the token.");
    }

    [Benchmark]
    public int Advance()
    {
        Say();
        var bytes = 0;
        for (var i = 0; i < _places.Length; i++)
        {
            _frames.Clear();
            _streaming.Advance(ref _places[i], _frames, PartsView.Light);
            foreach (var frame in _frames)
                bytes += frame.Json.Length;
        }
        return bytes;
    }

    [Benchmark]
    public async Task<int> ThroughReaders()
    {
        Say();
        var frames = 0;
        foreach (var subscription in _readers)
            frames += (await subscription.NextAsync(CancellationToken.None)).Count;
        return frames;
    }

    [GlobalCleanup]
    public async Task CleanUp()
    {
        foreach (var subscription in _readers)
            await subscription.DisposeAsync();
        await _services.DisposeAsync();
    }

    // A reply does not grow for ever: a new attempt begins it again, with one snapshot.
    void Say()
    {
        if (++_tokens % TokensOfReply == 0)
            _attempt++;
        _streaming.Append(_attempt, ReplyText.None, x => x.AddText(" token"));
    }
}

/// <summary>A read of one row by its key, and a write that is on disk.</summary>
public class SqlRoundTrip
{
    OpenServices _services = null!;
    Database _db = null!;

    [GlobalSetup]
    public async Task SetUp()
    {
        _services = await OpenServices.OpenAsync();
        _db = _services.Get<Database>();
    }

    [Benchmark]
    public async Task<string?> FirstAsync() =>
        await _db.FirstAsync($"select username from users where id = {_services.UserId}", row => row.GetString(0),
            CancellationToken.None);

    [Benchmark]
    public async Task<Outcome> WriteAsync()
    {
        var batch = new WriteBatch();
        batch.Execute($"update heads set unit = {"bench"} where user_id = {_services.UserId}");
        return await _db.WriteAsync(batch);
    }

    [GlobalCleanup]
    public async Task CleanUp() => await _services.DisposeAsync();
}

/// <summary>What the model is given in a chat that holds far more than its window.</summary>
public class PromptOfLongChat
{
    OpenServices _services = null!;
    Prompt _prompt = null!;
    PendingReplyRow _reply = null!;

    [Params(100, 10_000)]
    public int Messages { get; set; }

    [GlobalSetup]
    public async Task SetUp()
    {
        _services = await OpenServices.OpenAsync();
        _prompt = _services.Get<Prompt>();
        var (chat, question) = await _services.ChatAsync(Messages);
        _reply = new(
            _services.UserId, chat, "reply", Messages, States.Running, 1, 0, "", 0, "openai/bench", false,
            question, Messages - 1, 1, Statuses.Sent, null, null, null, null, default, 0, null, null,
            false, false, null, ReplyParts.None, new(question));
        if (await BuildAsync() < 90)
            throw new InvalidOperationException("The prompt is too short.");
    }

    [Benchmark]
    public async Task<int> BuildAsync() =>
        (await _prompt.BuildAsync(_reply, [], "You are a dove.", new("openai/bench", 24_576, 24_576),
            new(Vision: false, Audio: false), CancellationToken.None))!.Messages.Count;

    [GlobalCleanup]
    public async Task CleanUp() => await _services.DisposeAsync();
}
