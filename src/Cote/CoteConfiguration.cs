using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text;
using Microsoft.Extensions.Configuration;

namespace Cote;

/// <summary>
/// Reads the tree of options. The framework's binder converts; this class makes each mistake one sentence that names
/// the variable: an unknown name, a value of the wrong kind, one out of bounds, a secret's file that is not there.
/// </summary>
static class CoteConfiguration
{
    const string Root = "Cote";
    const string FileSuffix = "_File";
    const StringSplitOptions TrimmedItems = StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries;
    const string Items = "Items";
    const string See = "docs/configuration.md lists them all.";

    // Names that the providers' own tools use; the same setting as Cote__… overrides them.
    static readonly (string Variable, string Key)[] Aliases =
    [
        ("DATABASE_URL", "Cote:Data:Postgres"),
        ("OPENAI_API_KEY", "Cote:Assistants:OpenAI:ApiKey"),
        ("OPENAI_BASE_URL", "Cote:Assistants:OpenAI:BaseUrl"),
        ("ANTHROPIC_API_KEY", "Cote:Assistants:Anthropic:ApiKey"),
        ("ANTHROPIC_BASE_URL", "Cote:Assistants:Anthropic:BaseUrl"),
    ];

    public static CoteOptions Read(IConfiguration configuration)
    {
        var options = new CoteOptions();
        var values = Collect(configuration);
        try
        {
            // Without its strictness the binder passes over what it cannot convert below a name or a number.
            new ConfigurationBuilder().AddInMemoryCollection(values).Build().GetSection(Root)
                .Bind(options, x => x.ErrorOnUnknownConfiguration = true);
        }
        catch (InvalidOperationException error)
        {
            var said = new StringBuilder();
            for (Exception? e = error; e is not null; e = e.InnerException)
                said.Append(e.Message);
            var wrong = Given(values.Keys.First(
                x => said.ToString().Contains($"'{x}'", StringComparison.OrdinalIgnoreCase)));
            throw new StartupException(
                $"{Variable(wrong)} has a value that cannot be read as {KindOf(Find(wrong).Type)}.", error);
        }
        Validate(options, Root);
        return options;
    }

    /// <summary>The name of a key in the environment.</summary>
    public static string Variable(string key) => Given(key).Replace(":", "__", StringComparison.Ordinal);

    // A key as it is given: an item stands under its number, without the property that holds it.
    static string Given(string key) => key.Replace($":{Items}:", ":", StringComparison.Ordinal);

    // The values that the binder gets: without empty ones, with the content of secrets' files, lists by item. The
    // binder's own ErrorOnUnknownConfiguration names the type and the property, but not the path: docs/decisions/0023.
    static Dictionary<string, string?> Collect(IConfiguration configuration)
    {
        var values = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (variable, key) in Aliases)
            if (configuration[variable] is { Length: > 0 } value)
                values[key] = value;
        var given = configuration.GetSection(Root).AsEnumerable().Where(x => x.Value is not null);
        // In order: a secret comes before its file, which overrides it.
        foreach (var (key, value) in given.OrderBy(x => x.Key, StringComparer.OrdinalIgnoreCase))
        {
            var (path, type) = Find(key);
            if (value is not { Length: > 0 })
                continue;
            if (IsPart(type) || ItemOf(type) is not null)
                throw new StartupException($"{Variable(key)} is a part and not a setting of Cote. {See}");
            if (type == typeof(Secret) && path.Length < key.Length)
                values[path] = ReadFile(Variable(key), value);
            else if (!IsList(type))
                values[path] = value;
            else if (path.Length < key.Length)
                values[key] = value;
            else
                foreach (var (n, item) in value.Split(',', TrimmedItems).Index())
                    values[$"{path}:text {n}"] = item;
        }
        return values;
    }

    // The setting that a key names, and its type. The key of an item of a list is longer than its path, and the key of
    // a secret's file has a suffix.
    static (string Path, Type Type) Find(string key)
    {
        var (path, type) = (Root, typeof(CoteOptions));
        foreach (var name in key.Split(':').Skip(1).TakeWhile(_ => !IsList(type)))
        {
            // An item of a part that is a list stands under its number, beside the part's own settings.
            if (name.All(char.IsAsciiDigit) && Property(type, Items) is { } list
                && ItemOf(list.PropertyType) is { } one)
            {
                (path, type) = ($"{path}:{Items}:{name}", one);
                continue;
            }
            var isFile = name.EndsWith(FileSuffix, StringComparison.OrdinalIgnoreCase);
            var bare = isFile ? name[..^FileSuffix.Length] : name;
            var property = Property(type, bare);
            // By name or by number: every name is one, and its value is of the kind of all.
            var item = ItemOf(type) ?? property?.PropertyType;
            if (item is null || property?.Name == Items || (isFile && item != typeof(Secret)))
                throw new StartupException($"{Variable($"{path}:{name}")} is not a setting of Cote. {See}");
            (path, type) = ($"{path}:{(ItemOf(type) is null ? property!.Name : bare)}", item);
        }
        return (path, type);
    }

    static string ReadFile(string variable, string file)
    {
        try
        {
            // An empty file is a mistake of the mount: read as a missing secret, it would go unnoticed.
            return File.ReadAllText(file).Trim() is { Length: > 0 } secret ? secret
                : throw new StartupException($"{variable} names a file that is empty: {file}.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"{variable} names a file that cannot be read: {file}.", error);
        }
    }

    static void Validate(object part, string path)
    {
        // Attribute by attribute: the framework's Validator would load all of component model's type descriptions.
        var properties = part.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance);
        var wrong = properties.SelectMany(x => x.GetCustomAttributes<ValidationAttribute>().Select(rule =>
            rule.GetValidationResult(
                x.GetValue(part), new ValidationContext(part, x.Name, null, null) { MemberName = x.Name })));
        if (part is IValidatableObject whole)
            wrong = wrong.Concat(whole.Validate(new ValidationContext(part, part.GetType().Name, null, null)));
        if (wrong.OfType<ValidationResult>().FirstOrDefault() is { } result)
            throw new StartupException(
                $"{Variable(path)}__{result.MemberNames.FirstOrDefault()} is wrong: {result.ErrorMessage}");
        foreach (var property in properties)
            foreach (var (name, inner) in PartsIn(property, part))
                Validate(inner, $"{path}:{name}");
    }

    static IEnumerable<(string Name, object Part)> PartsIn(PropertyInfo property, object part)
    {
        var value = property.GetValue(part);
        if (IsPart(property.PropertyType))
            return value is null ? [] : [(property.Name, value)];
        if (ItemOf(property.PropertyType) is not { } item || !IsPart(item))
            return [];
        return value is IDictionary named
            ? named.Keys.Cast<object>().Select(x => ($"{property.Name}:{x}", named[x]!))
            : ((IEnumerable)value!).Cast<object>().Index().Select(x => ($"{property.Name}:{x.Index}", x.Item));
    }

    static string KindOf(Type type) => (Nullable.GetUnderlyingType(type) ?? type) switch
    {
        var x when x == typeof(int) || x == typeof(long) => "a whole number",
        var x when x == typeof(double) || x == typeof(decimal) => "a number",
        var x => x.Name,
    };

    internal static bool IsPart(Type type) =>
        type.Assembly == typeof(CoteOptions).Assembly && type.Name.EndsWith("Options", StringComparison.Ordinal);

    // The kind of what stands under a name (`Providers:groq`) or a number (`ModelSettings:0`); null for a plain list,
    // which may be one text with commas.
    internal static Type? ItemOf(Type type)
    {
        if (!type.IsGenericType)
            return null;
        var item = type.GetGenericArguments()[^1];
        return type.GetGenericTypeDefinition() == typeof(IDictionary<,>) || IsPart(item) ? item : null;
    }

    static bool IsList(Type type) =>
        type != typeof(string) && typeof(IEnumerable).IsAssignableFrom(type) && ItemOf(type) is null;

    static PropertyInfo? Property(Type type, string name) =>
        type.GetProperty(name, BindingFlags.Public | BindingFlags.Instance | BindingFlags.IgnoreCase);
}
