using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using Cote.Primitives;
using Microsoft.Extensions.Configuration;

namespace Cote;

/// <summary>
/// Reads the one tree of options. The framework's binder converts; what stands here makes a mistake one sentence that
/// names the variable: an unknown name, a value of the wrong kind, one out of bounds, a secret's file that is not there.
/// </summary>
static class CoteConfiguration
{
    const string Root = "Cote";
    const string FileSuffix = "_File";

    // Names that the providers' own tools use; what is said with Cote__… goes before.
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
        var values = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (variable, key) in Aliases)
            if (configuration[variable] is { Length: > 0 } value)
                values[key] = value;
        Collect(configuration.GetSection(Root), typeof(CoteOptions), values);
        var tree = new ConfigurationBuilder().AddInMemoryCollection(values).Build().GetSection(Root);
        try
        {
            tree.Bind(options);
        }
        catch (InvalidOperationException error)
        {
            var wrong = values.First(x => error.Message.Contains($"'{x.Key}'", StringComparison.OrdinalIgnoreCase)).Key;
            throw new StartupException($"{Variable(wrong)} has a value that cannot be read as {Kind(wrong)}.", error);
        }
        Validate(options, Root);
        return options;
    }

    /// <summary>The name of a key in the environment.</summary>
    public static string Variable(string key) => key.Replace(":", "__", StringComparison.Ordinal);

    // Walks what was said beside what can be said.
    static void Collect(IConfigurationSection section, Type type, Dictionary<string, string?> values)
    {
        foreach (var child in section.GetChildren())
        {
            var isFile = child.Key.EndsWith(FileSuffix, StringComparison.OrdinalIgnoreCase);
            var name = isFile ? child.Key[..^FileSuffix.Length] : child.Key;
            var property = Property(type, name);
            if (property is null || (isFile && property.PropertyType != typeof(Secret)))
                throw new StartupException(
                    $"{Variable(child.Path)} is not a setting of Cote. docs/configuration.md lists them all.");
            if (IsPart(property.PropertyType) && child.Value is { Length: > 0 })
                throw new StartupException(
                    $"{Variable(child.Path)} is a part and not a setting of Cote. docs/configuration.md lists them all.");
            if (IsPart(property.PropertyType))
                Collect(child, property.PropertyType, values);
            else if (isFile && child.Value is { Length: > 0 } file)
                values[section.Path + ":" + property.Name] = ReadFile(Variable(child.Path), file);
            else if (isFile)
                continue;
            else if (typeof(IEnumerable).IsAssignableFrom(property.PropertyType) && property.PropertyType != typeof(string))
                CollectList(child, values);
            else if (child.Value is { Length: > 0 })
                values[section.Path + ":" + property.Name] = child.Value;
        }
    }

    static void CollectList(IConfigurationSection list, Dictionary<string, string?> values)
    {
        var items = (list.Value ?? "").Split(',').Concat(list.GetChildren().Select(x => x.Value ?? ""))
            .Select(x => x.Trim()).Where(x => x.Length > 0).ToList();
        for (var i = 0; i < items.Count; i++)
            values[$"{list.Path}:{i}"] = items[i];
    }

    static string ReadFile(string variable, string file)
    {
        try
        {
            // An empty one is a mistake of whoever mounts it: taken for a missing secret, it would go unnoticed.
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
        // Attribute by attribute: the framework's Validator would bring all of component model's type descriptions along.
        var properties = part.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance);
        var wrong = properties.SelectMany(x => x.GetCustomAttributes<ValidationAttribute>().Select(rule => rule.GetValidationResult(
            x.GetValue(part), new ValidationContext(part, x.Name, null, null) { MemberName = x.Name })));
        if (part is IValidatableObject whole)
            wrong = wrong.Concat(whole.Validate(new ValidationContext(part, part.GetType().Name, null, null)));
        if (wrong.OfType<ValidationResult>().FirstOrDefault() is { } result)
            throw new StartupException($"{Variable(path)}__{result.MemberNames.FirstOrDefault()} is wrong: {result.ErrorMessage}");
        foreach (var property in properties)
            if (IsPart(property.PropertyType) && property.GetValue(part) is { } inner)
                Validate(inner, $"{path}:{property.Name}");
    }

    static string Kind(string key)
    {
        var type = typeof(CoteOptions);
        foreach (var name in key.Split(':').Skip(1))
            type = Property(type, name)?.PropertyType ?? type;
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type == typeof(int) || type == typeof(long) ? "a whole number" : type == typeof(double) ? "a number" : type.Name;
    }

    internal static bool IsPart(Type type) =>
        type.Assembly == typeof(CoteOptions).Assembly && type.Name.EndsWith("Options", StringComparison.Ordinal);

    static PropertyInfo? Property(Type type, string name) =>
        type.GetProperty(name, BindingFlags.Public | BindingFlags.Instance | BindingFlags.IgnoreCase);
}
