using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Cote.Models;

/// <summary>
/// The models that a provider's server lists itself, asked for when someone wants to know. A server that is away is
/// asked again after a while; what it said before counts on.
/// </summary>
sealed class ModelList(
    string provider, Func<CancellationToken, Task<IReadOnlyList<string>>> readAsync, TimeProvider time, ILogger log)
    : IDisposable
{
    const int MaxModels = 1_000;
    const int MaxName = 200;
    static readonly TimeSpan Within = TimeSpan.FromSeconds(5);
    static readonly TimeSpan Fresh = TimeSpan.FromMinutes(1);
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);

    readonly SemaphoreSlim _one = new(1);
    long? _askAgainAt;
    volatile IReadOnlyList<string>? _names;

    /// <summary>The names; null until the server has answered once.</summary>
    public IReadOnlyList<string>? Names => _names;

    /// <summary>Asks the server, if it was not asked just now; all who come meanwhile wait for the answer.</summary>
    public async Task RefreshAsync(CancellationToken ct)
    {
        await _one.WaitAsync(ct);
        try
        {
            if (_askAgainAt is { } at && time.GetTimestamp() < at)
                return;
            using var limit = new CancellationTokenSource(Within, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
            try
            {
                _names = await readAsync(either.Token);
                Wait(Fresh);
            }
            catch (Exception error) when (error is IOException or HttpRequestException or JsonException
                or ModelFaultException or InvalidDataException
                || error is OperationCanceledException && !ct.IsCancellationRequested)
            {
                log.ModelsNotListed(provider, ModelFault.Of(error).Code);
                Wait(Pause);
            }
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();

    void Wait(TimeSpan length) =>
        _askAgainAt = time.GetTimestamp() + (long)(length.TotalSeconds * time.TimestampFrequency);

    /// <summary>Whether a text can be the name of a model.</summary>
    public static bool IsName(string name) =>
        name.Length is > 0 and <= MaxName && !name.Any(x => char.IsControl(x) || char.IsWhiteSpace(x));

    /// <summary>The names in an answer of <c>/models</c>, in the shapes of the field.</summary>
    public static IReadOnlyList<string> NamesIn(JsonElement json)
    {
        var list = json.ValueKind == JsonValueKind.Array ? json
            : json.Member("data", JsonValueKind.Array) ?? json.Member("models", JsonValueKind.Array)
                ?? throw new ModelFaultException(ModelFault.Unreadable);
        return [.. list.EnumerateArray()
            .Select(x => x.String() ?? x.String("id") ?? x.String("name") ?? "")
            .Where(IsName).Distinct(StringComparer.Ordinal).Take(MaxModels)];
    }
}
