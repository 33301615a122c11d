using System.Text.Json;
using System.Text.Json.Nodes;
using Cote.Primitives;

namespace Cote;

/// <summary>
/// Reads the fields of a request and collects every one that is wrong, so that one answer names them all. After the
/// last field, <see cref="Problem"/> is null or the 422 to answer; the values read are only good where it is null.
/// </summary>
/// <remarks>
/// Each error has FastAPI's shape: <c>{"type","loc","msg","input","ctx"}</c>, where <c>loc</c> is the path of the
/// field, such as <c>["body","parts",0,"type"]</c>. A field that is <c>null</c> counts as absent.
/// </remarks>
public sealed partial class RequestReader
{
    readonly JsonElement _body;
    readonly FieldErrors _errors;
    readonly object[] _path = ["body"]; // names and indexes
    readonly Problem? _unreadable;
    readonly string _missing = "Field required";

    /// <summary>Reads a JSON object; another value, or none, is an error of the whole body.</summary>
    /// <param name="body">The parsed body.</param>
    public RequestReader(JsonElement body)
    {
        (_body, _errors) = (body, new());
        if (body.ValueKind is JsonValueKind.Undefined)
            _errors.Add("missing", Loc(), "Field required", null);
        else if (body.ValueKind is not JsonValueKind.Object)
            AddNoObject(_errors, Loc(), body);
    }

    /// <summary>Reads a request without a body: its query and its headers.</summary>
    public RequestReader() => _errors = new();

    /// <summary>A body that could not be read at all: whatever is read of it, this is the answer.</summary>
    internal RequestReader(Problem unreadable) => (_errors, _unreadable) = (new(), unreadable);

    /// <summary>
    /// A form whose content type was another one, so that it has no fields; each missing one says so.
    /// </summary>
    internal static RequestReader ForOtherThanForm(string given) => new(JsonElement.Parse("{}"u8),
        "Field required: the body should be a form (application/x-www-form-urlencoded or multipart/form-data), "
        + $"not {FieldErrors.Echo(given)}");

    RequestReader(JsonElement body, string missing) : this(body) => _missing = missing;

    RequestReader(JsonElement item, FieldErrors errors, object[] path) =>
        (_body, _errors, _path) = (item, errors, path);

    /// <summary>
    /// Null where nothing is wrong, else the 422 that names every wrong field, of nested objects too.
    /// </summary>
    public Problem? Problem => _unreadable ?? _errors.Problem;

    /// <summary>
    /// Whether the field is there, be it <c>null</c>: what <c>PATCH</c> asks of a field that has a default.
    /// </summary>
    public bool Has(string name) => Find(name, out _);

    /// <summary>Whether the field is there and not <c>null</c>.</summary>
    public bool HasValue(string name) => TryGet(name, out _);

    /// <summary>The object that is read.</summary>
    internal JsonElement Json => _body;

    /// <summary>A nested object; null where absent, or where it is something else, which is an error.</summary>
    public RequestReader? OptionalNestedObject(string name)
    {
        if (!TryGet(name, out var value))
            return null;
        if (value.ValueKind == JsonValueKind.Object)
            return new(value, _errors, [.. _path, name]);
        AddNoObject(_errors, Loc(name), value, name);
        return null;
    }

    /// <summary>
    /// A nested object that must be there. Where it is not, the fields read of it are no further errors.
    /// </summary>
    public RequestReader NestedObject(string name)
    {
        if (!HasValue(name))
            AddMissing(name);
        return OptionalNestedObject(name) ?? new RequestReader(default, _errors, [.. _path, name]);
    }

    /// <summary>
    /// A list of at most <paramref name="max"/> objects; empty where absent. An item that is none is an error.
    /// </summary>
    public IReadOnlyList<RequestReader> NestedObjects(string name, int max)
    {
        var items = new List<RequestReader>();
        foreach (var (index, item) in List(name, max))
        {
            if (item.ValueKind == JsonValueKind.Object)
                items.Add(new(item, _errors, [.. _path, name, index]));
            else
                AddNoObject(_errors, Loc(name, index), item, name);
        }
        return items;
    }

    /// <summary>Adds an error that only the verb can see.</summary>
    /// <param name="name">The field of this object.</param>
    /// <param name="sentence">What is wrong with it, as a client's user may read it.</param>
    /// <param name="code">A code of its own in place of <c>validation_error</c>.</param>
    public void AddError(string name, string sentence, string? code = null)
    {
        _errors.Code = code ?? _errors.Code;
        _errors.AddValue(Loc(name), sentence, Find(name, out var value) ? FieldErrors.Echo(name, value) : null);
    }

    /// <summary>The 422 for a body that is no JSON.</summary>
    internal static Problem InvalidJson(long position) => Problems.Invalid(
        [
            new("json_invalid", ["body", position], "JSON decode error", new JsonObject(),
                new() { ["error"] = "Expecting valid JSON in UTF-8" }),
        ]);

    /// <summary>The 422 for a form that is none.</summary>
    internal static Problem InvalidForm => Problems.Invalid(
        [
            new("value_error", ["body"], "Value error, the form is broken", null,
                new() { ["error"] = "the form is broken" }),
        ]);

    /// <summary>The 422 for a JSON body under another content type.</summary>
    internal static Problem WrongContentType(string given) => Problems.Invalid(
        [
            new("model_attributes_type", ["body"],
                $"Input should be JSON with Content-Type: application/json, not {FieldErrors.Echo(given)}", null,
                new() { ["content_type"] = FieldErrors.Echo(given) }),
        ]);

    // The field's own name decides whether its value is a secret.
    static void AddNoObject(FieldErrors errors, JsonArray loc, JsonElement value, string name = "") => errors.Add(
        "model_attributes_type", loc, "Input should be a valid dictionary or object to extract fields from",
        // An object that was encoded twice is a text, with its passwords.
        value.ValueKind == JsonValueKind.String ? null : FieldErrors.Echo(name, value));

    JsonArray Loc(params ReadOnlySpan<object> rest)
    {
        var loc = new JsonArray();
        foreach (var part in (object[])[.. _path, .. rest])
            loc.Add((JsonNode?)(part is int index ? JsonValue.Create(index) : JsonValue.Create((string)part)));
        return loc;
    }

    void AddMissing(string name)
    {
        if (_body.ValueKind == JsonValueKind.Object)
            _errors.Add("missing", Loc(name), _missing, FieldErrors.Echo(_body));
    }

    // A field that is null counts as absent; so says the contract.
    bool TryGet(string name, out JsonElement value) => Find(name, out value) && value.ValueKind != JsonValueKind.Null;

    bool Find(string name, out JsonElement value)
    {
        value = default;
        return _body.ValueKind == JsonValueKind.Object && _body.TryGetProperty(name, out value);
    }
}
