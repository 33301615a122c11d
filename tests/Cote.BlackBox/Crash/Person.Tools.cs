using System.Text.Json;
using System.Text.Json.Nodes;

namespace Cote.BlackBox.Crash;

// Somebody who asks for steps with tools, answers their calls or lets them wait, and goes on without an answer.
sealed partial class Person
{
    readonly Dictionary<WaitingCall, JsonObject> _answers = [];

    /// <summary>Answers to calls that were acknowledged.</summary>
    public int Answered => _answers.Count;

    /// <summary>What became of calls, by the last check: how many of each.</summary>
    public Dictionary<string, int> Outcomes { get; } = [];

    /// <summary>What was used, by days, and the one budget.</summary>
    public async Task<(IReadOnlyList<JsonElement> Usage, JsonElement Budget)> UsageAsync() => (
        [.. (await _client.GetAsync("/usage")).Ok().Json.EnumerateArray()],
        (await _client.GetAsync("/usage/budget")).Ok().Json[0]);

    async Task UseToolsAsync()
    {
        var (chats, chat, some) = Look();
        switch (_random.Next(100))
        {
            case var _ when chat is null:
            case < 10 when chats < MostChats:
                await CreateChatAsync();
                break;
            case < 45 when Devices[0].OpenIn(chat.Id) == 0:
                await SendAsync(chat.Id, hasSteps: true);
                break;
            case < 75:
                var waiting = Devices[_random.Next(Devices.Length)].Waiting;
                if (waiting.Count > 0)
                    await AnswerAsync(waiting[_random.Next(waiting.Count)]);
                break;
            case < 80 when _answers.Count > 0:
                await AnswerAsync(_answers.Keys.ElementAt(_random.Next(_answers.Count)));
                break;
            case < 83:
                await SendAsync(chat.Id, stop: _random.Next(2) == 0); // what waits is denied
                break;
            case < 85 when some is not null:
                await SendAsync(some.Chat, "version_of", some.Id);
                Branches++;
                break;
            case < 90 when some is not null:
                await RetryAsync(some);
                break;
            case < 92:
                Expect(await InsistAsync(() => _client.PostAsync($"/chats/{chat.Id}/stop")), 200);
                break;
            case < 94 when some is not null:
                await DeleteAsync(some);
                break;
            default:
                Devices[_random.Next(Devices.Length)].Cut();
                break;
        }
    }

    // The first answer wins: the same again is one, another is none.
    async Task AnswerAsync(WaitingCall call)
    {
        var path = $"/chats/{call.Chat}/messages/{call.Reply}/tool_calls/{call.Id}";
        var client = "phone";
        if (_answers.TryGetValue(call, out var first))
        {
            if (_random.Next(2) == 0)
            {
                var other = call.IsClients ? new JsonObject { ["error"] = "another" } : new() { ["approve"] = "maybe" };
                Expect(await InsistAsync(() => _client.PostAsync(path, other)), call.IsClients ? 409 : 422, 404);
                return;
            }
        }
        else if (call.IsClients && _random.Next(3) == 0)
        {
            client = "tablet";
            var claim = await InsistAsync(() => _client.PostAsync(path + "/claim", new { client_id = client }));
            Expect(claim, 200, 404, 409);
            if (claim.Status != 200)
                return;
        }
        var body = first ?? (!call.IsClients ? new JsonObject { ["approve"] = _random.Next(5) > 0 }
            : _random.Next(5) == 0 ? new() { ["error"] = $"no {_random.Next()}", ["client_id"] = client }
            : new() { ["output"] = new JsonObject { ["at"] = _random.Next() }, ["client_id"] = client });
        var answer = await InsistAsync(() => _client.PostAsync(path, body));
        Expect(answer, 200, 404, 409);
        if (answer.Status == 200)
            _answers[call] = body;
        if (answer.Status == 409 && (first is not null || answer.ErrorCode != "reply_ended"))
            Faults.Enqueue($"{call} was refused as {answer.ErrorCode} with {body}, and had {first}");
        if (answer.Status == 200 && first is not null && answer.Header("Idempotent-Replayed") != "true")
            Faults.Enqueue($"A repeated answer was not called one: {answer.Text}");
    }

    // Answers what waits until a reply has ended; while it waits, every device shows what is stored.
    Task EndAsync(string chat, string reply) => _story.Tools is null ? _client.EndOfAsync(chat, reply)
        : Patience.UntilAsync(async () =>
        {
            var message = (await _client.GetAsync($"/chats/{chat}/messages/{reply}?parts=all")).Ok().Json;
            if (message.GetProperty("generation").GetProperty("state").GetString() == "waiting")
                await EndWaitAsync(chat, reply, message);
            return Text(message.GetProperty("generation"), "state") is not ("queued" or "running" or "waiting");
        }, $"the reply {reply} ends");

    async Task EndWaitAsync(string chat, string reply, JsonElement message)
    {
        foreach (var device in Devices)
            if (!await device.ShowsAsync(reply, PartsOf(message)))
                throw new TimeoutException($"{string.Join('\n', device.PartsOf(reply))} are on the screen instead of "
                    + $"{message} after {device.LatelyOf(reply)}");
        foreach (var call in CallsIn(message).Where(x => Text(x, "state") == "waiting"))
            await AnswerAsync(new(chat, reply, Text(call, "call_id")!, Text(call, "source") == "client"));
    }

    void CheckSteps(Sent sent, JsonElement reply, int starts)
    {
        var id = Text(reply, "id")!;
        foreach (var device in Devices)
        {
            if (!device.PartsOf(id).SequenceEqual(PartsOf(reply)))
                Faults.Enqueue($"{string.Join('\n', device.PartsOf(id))} are on the screen instead of {reply}");
            if (device.AttemptsOf(id) > starts)
                Faults.Enqueue($"{device.AttemptsOf(id)} attempts were shown after {starts} starts of {reply}");
        }
        foreach (var call in CallsIn(reply))
        {
            CheckCall(reply, call);
            var outcome = $"{Text(call, "state")} {Story.Calls[Text(call, "call_id")!]}";
            Outcomes[outcome] = Outcomes.GetValueOrDefault(outcome) + 1;
        }
        if (Text(reply.GetProperty("generation"), "state") == "completed")
        {
            var shape = string.Join(' ', PartsOf(reply).Select(x => JsonElement.Parse(x))
                .Select(x => Text(x, "call_id") ?? Text(x, "type")));
            if (shape != "text call_0_0 call_0_1 step text call_1_0 call_1_1 step text")
                Faults.Enqueue($"Its parts are {shape}: {reply}");
        }
        CheckTurns(sent, reply, starts);
    }

    // What was executed, and what is said of it.
    void CheckCall(JsonElement reply, JsonElement call)
    {
        var (id, state) = (Text(call, "call_id")!, Text(call, "state"));
        var key = $"{Text(reply, "id")}:{id[5]}:{id[7]}";
        var executed = _story.Tools!.Executions[key].Count();
        var code = call.TryGetProperty("error", out var error) ? Text(error, "code") : null;
        var isEnded = state is "done" or "failed" or "denied" or "unknown";
        var isRight = Text(call, "name") == Story.Calls[id] && isEnded && id switch
        {
            "call_0_0" => state == "done" ? executed > 0 : code is "stopped" or "superseded" or "interrupted",
            "call_1_1" => executed == 0 && state != "unknown",
            _ => state switch
            {
                "done" => executed == 1,
                "unknown" => executed <= 1 && code is "stopped" or "interrupted" or "superseded",
                _ => executed == 0,
            },
        };
        if (!isRight)
            Faults.Enqueue($"{executed} executions of {call} in {reply}");
        var given = _answers.FirstOrDefault(x => (x.Key.Reply, x.Key.Id) == (Text(reply, "id"), id)).Value;
        var isHeeded = given is null ? state is not "done" || id[5] == '0'
            : given.ContainsKey("output") ? state == "done"
                && JsonNode.DeepEquals(given["output"], JsonNode.Parse(call.GetProperty("output").GetRawText()))
            : given.ContainsKey("error") ? state == "failed" && Text(error, "detail") == (string?)given["error"]
            : (bool)given["approve"]! || (state, code) == ("denied", "denied");
        if (!isHeeded)
            Faults.Enqueue($"The answer to {call} was {given?.ToJsonString() ?? "none"} in {reply}");
    }

    // Each model call goes on after what the one before it was told: nothing of it is taken back, or asked for again.
    void CheckTurns(Sent sent, JsonElement reply, int starts)
    {
        var calls = _story.TurnsAfter(sent.Content);
        foreach (var (before, after) in calls.Zip(calls.Skip(1)))
            if (!after.Take(before.Count).SequenceEqual(before))
                Faults.Enqueue($"The model was told {string.Join('\n', before)}\nand then "
                    + $"{string.Join('\n', after)}\nfor {reply}");
        if (calls.GroupBy(x => x.Count).Any(x => x.Count() > starts))
            Faults.Enqueue($"A step was asked for more than {starts} times for {reply}");
    }

    static IEnumerable<JsonElement> CallsIn(JsonElement message) => !message.TryGetProperty("parts", out var parts) ? []
        : parts.EnumerateArray().Where(x => Text(x, "type") == "tool");

    static IReadOnlyList<string> PartsOf(JsonElement message) => !message.TryGetProperty("parts", out var parts) ? []
        : [.. parts.EnumerateArray().Select(x => JsonNode.Parse(x.GetRawText())!.ToJsonString())];
}
