using System.Text.Json;
using System.Text.Json.Nodes;
using Cote.Models;

namespace Cote.Usage;

/// <summary>The prices of the configured models, as they are known at the start.</summary>
sealed class Prices
{
    readonly Dictionary<string, Price> _byModel = [];
    readonly string _json;

    public Prices(PricesOptions options, ModelCatalogue catalogue, TranscriptionOptions transcription)
    {
        var listed = PriceFile.Read(options.File);
        foreach (var id in catalogue.Models.Select(x => x.Id).Append(transcription.Id).OfType<string>().Distinct())
        {
            var name = id[(id.IndexOf('/', StringComparison.Ordinal) + 1)..];
            var own = options.Items.FirstOrDefault(x => x.Model!.Trim() == id)
                ?? options.Items.FirstOrDefault(x => x.Model!.Trim() == name);
            if (own is not null)
                _byModel[id] = Price.Of(own.Input!.Value, own.Output!.Value, own.CachedInput);
            else if ((listed?.Find(id) ?? listed?.Find(name)) is { } price)
                _byModel[id] = price;
        }
        _json = new JsonObject(_byModel.Select(x => KeyValuePair.Create<string, JsonNode?>(x.Key, new JsonObject
        {
            ["input"] = x.Value.Input,
            ["output"] = x.Value.Output,
            ["cached"] = x.Value.CachedInput,
        }))).ToJsonString();
    }

    /// <summary>The price of a model, or null where it is unknown.</summary>
    public Price? Find(string model) => _byModel.TryGetValue(model, out var price) ? price : null;

    /// <summary>The three columns of the price of a model, whose id only the database knows.</summary>
    public Sql Columns(SqlDialect dialect, Sql model)
    {
        if (_byModel.Count == 0)
            return $"cast(null as bigint), cast(null as bigint), cast(null as bigint)";
        Sql price = $"{dialect.Json(_json)} -> {model}";
        return $"""
            cast({price} ->> 'input' as bigint), cast({price} ->> 'output' as bigint), cast({price} ->> 'cached' as bigint)
            """;
    }
}

/// <summary>A file of prices in LiteLLM's form: USD for one token, by the names of models.</summary>
sealed class PriceFile
{
    const string Setting = "Cote__Prices__File";
    const int MostBytes = 32 * 1_048_576;

    readonly JsonElement _root;

    PriceFile(JsonElement root) => _root = root;

    /// <summary>Reads a file; null where none is named.</summary>
    /// <exception cref="StartupException">It cannot be read, or holds something else.</exception>
    public static PriceFile? Read(string? path)
    {
        if (string.IsNullOrWhiteSpace(path))
            return null;
        try
        {
            if (new FileInfo(path).Length > MostBytes)
                throw new StartupException($"{Setting} names a file of more than {MostBytes} bytes: {path}.");
            var root = JsonElement.Parse(File.ReadAllBytes(path));
            return root.ValueKind == JsonValueKind.Object ? new(root)
                : throw new StartupException($"{Setting} names a file that holds no JSON object: {path}.");
        }
        catch (JsonException error)
        {
            throw new StartupException($"{Setting} names a file that is no JSON: {path}.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"{Setting} names a file that cannot be read: {path}.", error);
        }
    }

    /// <summary>The price under a name, or null where there is none.</summary>
    public Price? Find(string model)
    {
        if (!_root.TryGetProperty(model, out var entry) || entry.ValueKind != JsonValueKind.Object)
            return null;
        return Read(model, entry, "input_cost_per_token") is { } input
            && Read(model, entry, "output_cost_per_token") is { } output
                ? Price.Of(input, output, Read(model, entry, "cache_read_input_token_cost")) : null;
    }

    static decimal? Read(string model, JsonElement entry, string name)
    {
        if (!entry.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
            return null;
        // As a double: a decimal cannot be read from every form of a number, and keeps fifteen digits of one.
        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var usd)
            && usd is >= 0 and <= (double)Price.MostUsd / 1_000_000
                ? (decimal)usd * 1_000_000
                : throw new StartupException($"{Setting}: {name} of {model} is no price of a token in USD.");
    }
}
