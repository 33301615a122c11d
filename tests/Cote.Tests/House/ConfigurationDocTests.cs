using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text;

namespace Cote.Tests.House;

public sealed class ConfigurationDocTests
{
    const string File = "docs/configuration.md";

    // With COTE_UPDATE_DOCS=1 the file is written anew; without it, it must be what would be written.
    [Fact]
    public void The_page_on_configuration_says_what_the_options_say()
    {
        var file = Repository.Path(File);
        var expected = Write();
        if (Environment.GetEnvironmentVariable("COTE_UPDATE_DOCS") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            System.IO.File.WriteAllText(file, expected);
        }

        System.IO.File.ReadAllText(file).ReplaceLineEndings("\n")
            .Split('\n').ShouldBe(expected.Split('\n'), $"run this test with COTE_UPDATE_DOCS=1 to write {File} anew");
    }

    [Fact]
    public void Every_setting_says_what_it_is()
    {
        var settings = Parts(typeof(CoteOptions), "Cote").SelectMany(x => Settings(x.Type)).ToList();

        settings.Count.ShouldBeGreaterThan(30);
        settings.Where(x => Docstrings.Of(x).Length == 0)
            .Select(x => $"{x.DeclaringType!.Name}.{x.Name}").ShouldBeEmpty();
        settings.Where(x => Number(x) && x.GetCustomAttribute<RangeAttribute>() is null)
            .Select(x => $"{x.DeclaringType!.Name}.{x.Name}").ShouldBeEmpty();
    }

    static string Write()
    {
        var page = new StringBuilder("""
            # Configuration

            <!-- Written from the options in src/Cote by ConfigurationDocTests; run it with COTE_UPDATE_DOCS=1 after a change. -->

            Every setting has a default. Settings come from environment variables as below, from the command line
            (`--Cote:Auth:AccessTokenMinutes=60`), or from `appsettings.json` and `appsettings.{Environment}.json` beside the program
            (`{"Cote": {"Auth": {…}}}`). The command line overrides the environment, the environment the files. An unknown name, a value
            of the wrong kind and one out of bounds stop the start with a sentence that names the variable; a flag that is no setting
            stops it too.

            A secret can stand in a file: the variable that ends in `_File` names it. A list is one text with commas, or one variable an
            item (`…__0`, `…__1`); `<name>` stands for a name of your own. ASP.NET Core's own settings work as well: `ASPNETCORE_URLS` or
            `--urls` (by default `http://*:8000`), `Logging__LogLevel__Default`, and `ASPNETCORE_ENVIRONMENT=Development`, which allows every localhost origin.

            Names that other tools use are read where the variable below is not set: `DATABASE_URL`, `OPENAI_API_KEY`, `OPENAI_BASE_URL`,
            `ANTHROPIC_API_KEY`, `ANTHROPIC_BASE_URL`.

            """.ReplaceLineEndings("\n"));
        foreach (var (type, instance, path, title, says) in Parts(typeof(CoteOptions), "Cote"))
        {
            page.Append(CultureInfo.InvariantCulture,
                $"\n## {title}\n\n{says}\n\n| Variable | Default | Meaning |\n|---|---|---|\n");
            foreach (var setting in Settings(type))
            {
                var named = CoteConfiguration.ItemOf(setting.PropertyType);
                var name = $"{path}__{setting.Name}{(named is null ? "" : "__<name>")}";
                var variable = $"`{name}`"
                    + ((named ?? setting.PropertyType) == typeof(Secret) ? $", `{name}_File`" : "");
                var meaning = Docstrings.Of(setting).Replace("|", "\\|", StringComparison.Ordinal);
                page.Append(CultureInfo.InvariantCulture,
                    $"| {variable} | {Default(setting, instance)} | {meaning}{Bounds(setting)} |\n");
            }
        }
        return page.ToString();
    }

    static IEnumerable<(Type Type, object Instance, string Path, string Title, string Says)> Parts(
        Type type, string path, object? instance = null, string title = "", string says = "")
    {
        instance ??= Activator.CreateInstance(type)!;
        if (Settings(type).Any())
            yield return (type, instance, path, title, says);
        foreach (var property in type.GetProperties().Where(x => CoteConfiguration.IsPart(x.PropertyType)))
            foreach (var part in Parts(property.PropertyType, $"{path}__{property.Name}", property.GetValue(instance),
                title.Length == 0 ? property.Name : $"{title}: {property.Name}", Docstrings.Of(property)))
                yield return part;
        // What stands under names or numbers of the owner's own.
        foreach (var property in type.GetProperties())
            if (CoteConfiguration.ItemOf(property.PropertyType) is { } item && CoteConfiguration.IsPart(item))
            {
                // The items of a part that is a list stand under their numbers.
                var isList = property.Name == nameof(PricesOptions.Items);
                var name = isList ? "0" : $"{property.Name}__{(IsNamed(property) ? "<name>" : "0")}";
                foreach (var part in Parts(item, $"{path}__{name}", null, isList ? $"{title}: each"
                    : title.Length == 0 ? property.Name : $"{title}: {property.Name}", Docstrings.Of(property)))
                    yield return part;
            }
    }

    static bool IsNamed(PropertyInfo property) => typeof(IDictionary<,>).Name == property.PropertyType.Name;

    static IEnumerable<PropertyInfo> Settings(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(x => !CoteConfiguration.IsPart(CoteConfiguration.ItemOf(x.PropertyType) ?? x.PropertyType));

    static string Default(PropertyInfo setting, object instance) => setting.GetValue(instance) switch
    {
        null => "",
        string text => text.Length == 0 ? "" : $"`{text}`",
        IEnumerable list => string.Join(", ", list.Cast<object>().Select(x => $"`{x}`")),
        bool flag => flag ? "`true`" : "`false`",
        IFormattable number => $"`{number.ToString(null, CultureInfo.InvariantCulture)}`",
        var other => throw new InvalidOperationException($"How is the default of {setting.Name} written: {other}?"),
    };

    static string Bounds(PropertyInfo setting) => setting.GetCustomAttribute<RangeAttribute>() is { } range
        ? string.Create(CultureInfo.InvariantCulture, $" From {range.Minimum} to {range.Maximum}.") : "";

    static bool Number(PropertyInfo setting) =>
        (Nullable.GetUnderlyingType(setting.PropertyType) ?? setting.PropertyType) is var type
            && (type == typeof(int) || type == typeof(long) || type == typeof(double));
}
