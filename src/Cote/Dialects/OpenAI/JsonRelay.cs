using System.Collections.Concurrent;
using System.Text.Json;
using Cote.Models;

namespace Cote.Dialects.OpenAI;

/// <summary>What models refuse of what the gateway adds to a body, as it was learnt since the start.</summary>
sealed class RelayedFields
{
    readonly ConcurrentDictionary<(string Model, string Field), bool> _refused = [];

    public bool IsRefused(string model, string field) => _refused.ContainsKey((model, field));

    public bool Refuse(string model, string field) => _refused.TryAdd((model, field), true);
}

/// <summary>A body of JSON, whose other bytes stay as they were sent.</summary>
sealed class JsonRelay(
    GatewayRequest request, GatewayOutput output, CallMeter meter, ModelCallLimits limits, RelayedFields fields,
    Clock clock) : Relay(request, output, meter, limits, clock)
{
    const string UsageWish = "stream_options";

    readonly GatewayRequest _request = request;
    string? _addedLimit;

    protected override Task<HttpResponseMessage> PostAsync(long? most, CancellationToken ct) =>
        _request.Provider.OpenAI!.PostAsync(_request.Route.Path, BodyFor(most), ct);

    public override bool Learn(Exception? error)
    {
        if (error is not UpstreamErrorException { Status: 400 or 404 or 422 } refusal)
            return false;
        foreach (var field in (string?[])[UsageWish, _addedLimit])
            if (field is not null && (refusal.Error.Field == field || refusal.Error.Says(field)))
                return (field != UsageWish || AddsUsageWish) && fields.Refuse(_request.ModelId, field);
        return false;
    }

    bool AddsUsageWish => _request is { IsStream: true, WantsUsage: false } && _request.Route == GatewayRoute.Chat
        && _request.Body.Member(UsageWish) is null or { ValueKind: JsonValueKind.Null or JsonValueKind.Object }
        && !fields.IsRefused(_request.ModelId, UsageWish);

    byte[] BodyFor(long? most)
    {
        var members = new List<(string, byte[])>
        {
            ("model", JsonSerializer.SerializeToUtf8Bytes(_request.Model, OpenAIJson.Default.String)),
        };
        if (AddsUsageWish)
            members.Add((UsageWish, JsonSplice.Set(
                _request.Body.Member(UsageWish) is { ValueKind: JsonValueKind.Object }
                    ? JsonSplice.Get(_request.Bytes, UsageWish) : "{}"u8,
                ("include_usage", "true"u8.ToArray()))));
        if (most is { } total && _request.Route.HasOutput)
        {
            var each = Math.Max(1, total / _request.Copies);
            if (_request.Limits is not { Count: > 0 } given)
                members.Add((_addedLimit = LimitName(), Number(each)));
            else
                foreach (var (name, _) in given.Where(x => x.Tokens > each))
                    members.Add((name, Number(each)));
        }
        return JsonSplice.Set(_request.Bytes, [.. members]);
    }

    // OpenAI's newer models refuse the older name; most other servers know nothing else.
    string LimitName()
    {
        var names = _request.Provider.OpenAI!.IsOpenAIItself ? _request.Route.Limits : _request.Route.Limits.Reverse();
        return names.FirstOrDefault(x => !fields.IsRefused(_request.ModelId, x)) ?? _request.Route.Limits[0];
    }

    static byte[] Number(long value) => JsonSerializer.SerializeToUtf8Bytes(value, OpenAIJson.Default.Int64);
}
